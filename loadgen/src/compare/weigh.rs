//! The statistics over two recordings, and the verdicts.

use std::borrow::Cow;

use engine::{
    compare::{
        Draws, Estimate, Pair, Timeline, Verdict, bootstrap, holm, shares,
        timeline::{block_length, is_no_answer},
        verdict,
    },
    record::Role,
    stats,
};

use super::{
    Block, Comparison, FORMAT, Figure, LeftOut, Noise, Rules, Scenario, Series, WhyNot,
    alike::{notes, of_another_size, one_is_k6s, unlike},
    recording::{Heard, Recorded, Recording},
};

/// Shorter scenarios are cut into seconds: five-second blocks would be fewer than ten.
const SHORT_S: f64 = 50.0;
/// Seconds of a block otherwise.
const BLOCK_S: u64 = 5;
/// The fewest blocks of seconds that say something: neighbours resemble each other.
const LEAST_BLOCKS: usize = 8;
/// The fewest pairs of slices.
const LEAST_SLICES: usize = 5;

/// Those that are shown; p95 decides.
const PERCENTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// Holds `b` against the baseline `a`.
pub fn compare(a: &Recording, b: &Recording, noise: Option<&Noise>, rules: Rules) -> Comparison {
    let unlike = unlike(a.subject.size.as_ref(), b.subject.size.as_ref());
    let may = unlike.is_empty() || rules.anyway;
    let rules = Rules { draws: enough(rules.draws, a), ..rules };
    let unfit = noise.filter(|noise| !noise.fits(a.subject.size));
    let noise = noise.filter(|noise| noise.fits(a.subject.size));
    let mut scenarios: Vec<Scenario> = Vec::new();
    for of_a in &a.scenarios {
        let of_b = b.scenarios.iter().find(|of_b| of_b.name == of_a.name);
        scenarios.push(match (of_b, may) {
            (None, _) => empty(of_a, missing(b, &of_a.name)),
            (Some(_), false) => empty(of_a, LeftOut::Unlike),
            (Some(of_b), true) => scenario(of_a, of_b, noise, &rules, &paired(of_a, of_b, one_is_k6s(a, b))),
        });
    }
    let new = b.scenarios.iter().filter(|of_b| a.scenarios.iter().all(|of_a| of_a.name != of_b.name));
    scenarios.extend(new.map(|of_b| empty(of_b, LeftOut::New(a.subject.name.clone()))));
    decide(&mut scenarios);
    Comparison {
        format: FORMAT,
        a: a.subject.clone(),
        b: b.subject.clone(),
        rules,
        unlike,
        notes: notes(a, b).into_iter().chain(unfit.and_then(of_another_size)).collect(),
        noise_pairs: noise.map(|noise| noise.pairs.len() as u64),
        scenarios,
    }
}

/// Why a run does not have a scenario of the baseline.
fn missing(b: &Recording, scenario: &str) -> LeftOut {
    match b.not_run.iter().find(|left| left.name == scenario) {
        Some(left) => LeftOut::NotRun(left.why.clone()),
        None => LeftOut::Missing(b.subject.name.clone()),
    }
}

/// As many draws as it takes for the smallest p-value to count among so many questions.
fn enough(draws: Draws, a: &Recording) -> Draws {
    let questions: usize = a.scenarios.iter().map(|scenario| 2 * scenario.series.len() + 1).sum();
    let least = (questions as f64 / verdict::LEVEL).ceil() as usize;
    Draws { count: draws.count.max(least), ..draws }
}

fn empty(of: &Recorded, why: LeftOut) -> Scenario {
    let (block, series, rate) = (block(of, of), Vec::new(), None);
    Scenario { name: of.name.clone(), seconds: of.seconds, block, left_out: Some(why), series, rate }
}

fn block(a: &Recorded, b: &Recorded) -> Block {
    let seconds = a.seconds.min(b.seconds);
    match a.sliced {
        true => Block::Slices(seconds),
        false if seconds < SHORT_S => Block::Seconds(block_length(1, span(a, b))),
        false => Block::Seconds(block_length(BLOCK_S, span(a, b))),
    }
}

/// From the first second in which either has anything to the last.
fn span(a: &Recorded, b: &Recorded) -> u64 {
    let timelines = || [a, b].into_iter().flat_map(|side| &side.series).map(|heard| &heard.timeline);
    let (first, last) =
        (timelines().filter_map(Timeline::first).min(), timelines().filter_map(Timeline::last).max());
    first.zip(last).map_or(0, |(first, last)| last.abs_diff(first).saturating_add(1))
}

/// A series of either side.
type Two<'a> = [Cow<'a, Heard>; 2];

/// The series of both sides; one that only a side has stands beside nothing. k6 has many names that a run of ours does
/// not have: those are left out.
fn paired<'a>(a: &'a Recorded, b: &'a Recorded, one_is_k6s: bool) -> Vec<Two<'a>> {
    let of = |side: &'a Recorded, name: &str| side.series.iter().find(|heard| heard.name == name);
    let nothing = |heard: &Heard| Cow::Owned(Heard::nothing(&heard.name, heard.role));
    let both = a.series.iter().map(|of_a| {
        let of_b = of(b, &of_a.name).map_or_else(|| nothing(of_a), Cow::Borrowed);
        [Cow::Borrowed(of_a), of_b]
    });
    let new = b.series.iter().filter(|of_b| of(a, &of_b.name).is_none());
    let all = both.chain(new.map(|of_b| [nothing(of_b), Cow::Borrowed(of_b)]));
    let has = |of: &Two<'a>| of.iter().all(|heard| heard.is_something());
    let worth = |of: &Two<'a>| if one_is_k6s { has(of) } else { of.iter().any(|heard| heard.is_something()) };
    all.filter(worth).collect()
}

fn scenario(a: &Recorded, b: &Recorded, noise: Option<&Noise>, rules: &Rules, both: &[Two<'_>]) -> Scenario {
    let fell_short = [a, b].into_iter().find_map(|side| {
        let invalid = side.invalid.clone().map(LeftOut::Invalid);
        invalid.or_else(|| side.unfinished.clone().map(LeftOut::Unfinished))
    });
    if let Some(why) = fell_short.filter(|_| !rules.anyway) {
        return empty(a, why);
    }
    let block = block(a, b);
    let series = both.iter().map(|[of_a, of_b]| series(&a.name, of_a, of_b, block, noise, rules)).collect();
    let rate = (a.closed_loop && b.closed_loop).then(|| rate(a, b, block, noise, rules)).flatten();
    let seconds = a.seconds.min(b.seconds);
    Scenario { name: a.name.clone(), seconds, block, left_out: None, series, rate }
}

/// What chance alone decides at first: the p-values do not count among the others yet.
fn figure(estimate: Estimate, floor: f64) -> Figure {
    Figure { estimate, floor, adjusted_p: estimate.p, verdict: Verdict::NoChangeShown }
}

fn series(
    scenario: &str,
    a: &Heard,
    b: &Heard,
    block: Block,
    noise: Option<&Noise>,
    rules: &Rules,
) -> Series {
    let seconds = if let Block::Seconds(seconds) = block { seconds } else { 1 };
    let pair = Pair::new(&a.timeline, &b.timeline, seconds);
    let noise = noise.and_then(|noise| noise.of(scenario, &a.name));
    let why_not = too_little(a, b, &pair, block);
    let times = match why_not {
        Some(_) => None,
        None => bootstrap::quantiles(&pair, PERCENTILES, rules.draws),
    };
    let p95 = times.map(|[_, p95, _]| {
        let known = noise.and_then(super::noise::NoiseOf::p95_ms).unwrap_or_default();
        figure(p95, (p95.a * rules.floor_share).max(rules.floor_ms).max(known))
    });
    let errors = if a.role == Role::Value { None } else { self::errors([a, b], &pair, noise, rules) };
    Series {
        name: a.name.clone(),
        role: a.role,
        n: [a.n(), b.n()],
        blocks: pair.blocks() as u64,
        seen: seen(a, b, &pair),
        times,
        p95,
        errors,
        why_not,
    }
}

/// p50, p95 and p99 of each side.
fn seen(a: &Heard, b: &Heard, pair: &Pair) -> [[Option<f64>; 2]; 3] {
    let answered = |ms: f64| (!is_no_answer(ms)).then_some(ms);
    let sides = pair.observed_apart(PERCENTILES);
    std::array::from_fn(|place| {
        [(a, 0), (b, 1)].map(|(heard, side): (&Heard, usize)| match heard.figures {
            Some(figures) => figures.ms[place],
            None => sides[side].and_then(|percentiles| answered(percentiles[place])),
        })
    })
}

fn errors(
    both: [&Heard; 2],
    pair: &Pair,
    noise: Option<&super::noise::NoiseOf>,
    rules: &Rules,
) -> Option<Figure> {
    let by_block = pair.outcomes();
    // Counts at the end of a test have no moments: they are one block.
    let counts = |side: usize| match both[side].figures {
        Some(_) => {
            let (n, bad) = both[side].timeline.samples();
            vec![stats::Block { n, bad }]
        }
        None => by_block[side].to_vec(),
    };
    let known = noise.and_then(|noise| noise.errors).unwrap_or_default();
    shares::difference(&counts(0), &counts(1)).map(|estimate| figure(estimate, rules.floor_errors.max(known)))
}

/// Why nothing can be said of a series.
fn too_little(a: &Heard, b: &Heard, pair: &Pair, block: Block) -> Option<WhyNot> {
    let needed = stats::smallest_sample(0.05);
    let blocks = pair.full_blocks();
    match (a.n(), b.n(), block) {
        (_, 0, _) if b.figures.is_none() && a.n() >= needed => Some(WhyNot::Gone),
        (0, _, _) if a.figures.is_none() && b.n() >= needed => Some(WhyNot::New),
        _ if a.figures.is_some() || b.figures.is_some() => Some(WhyNot::PercentilesOnly),
        (of_a, of_b, _) if of_a.min(of_b) < needed => {
            Some(WhyNot::TooFew { samples: of_a.min(of_b), needed })
        }
        (.., Block::Slices(_)) if blocks < LEAST_SLICES => {
            Some(WhyNot::TooFewRounds { rounds: blocks as u64, needed: LEAST_SLICES as u64 })
        }
        (.., Block::Seconds(length)) if blocks < LEAST_BLOCKS => {
            let [seconds, needed] = [blocks, LEAST_BLOCKS].map(|blocks| blocks as u64 * length);
            Some(WhyNot::TooShort { seconds, needed })
        }
        _ => None,
    }
}

fn rate(a: &Recorded, b: &Recorded, block: Block, noise: Option<&Noise>, rules: &Rules) -> Option<Figure> {
    let known = noise.and_then(|noise| noise.of_rate(&a.name)).unwrap_or_default();
    let all = |side: &Recorded| {
        let mut all = Timeline::default();
        let endpoints = side.series.iter().filter(|series| series.role == Role::Endpoint);
        endpoints.for_each(|series| all.add_samples(&series.timeline));
        all
    };
    let seconds = a.seconds.min(b.seconds);
    let (blocks, step, length) = match block {
        Block::Seconds(length) => ((seconds / length as f64) as usize, length, length as f64),
        Block::Slices(length) => (slices(a).min(slices(b)), 1, length),
    };
    let least = if matches!(block, Block::Slices(_)) { LEAST_SLICES } else { LEAST_BLOCKS };
    if blocks < least {
        return None;
    }
    let [a, b] = [a, b].map(|side| all(side).samples_by_block(blocks, step));
    let estimate = bootstrap::rates(&a, &b, length, rules.draws)?;
    Some(figure(estimate, (estimate.a * rules.floor_share).max(known)))
}

fn slices(side: &Recorded) -> usize {
    side.series.iter().filter_map(|series| series.timeline.last()).max().map_or(0, |last| last as usize + 1)
}

/// Lets each p-value count among all that were asked, and decides.
fn decide(scenarios: &mut [Scenario]) {
    let asked: Vec<f64> = figures(scenarios).map(|(figure, _)| figure.estimate.p).collect();
    let adjusted = holm::adjusted(&asked);
    for ((figure, small_is_good), p) in figures(scenarios).zip(adjusted) {
        let estimate = if small_is_good { figure.estimate } else { figure.estimate.negated() };
        figure.adjusted_p = p;
        figure.verdict = verdict::of(&estimate, p, figure.floor);
    }
}

/// Every figure, and whether it should be small.
fn figures(scenarios: &mut [Scenario]) -> impl Iterator<Item = (&mut Figure, bool)> {
    scenarios.iter_mut().flat_map(|scenario| {
        let rate = scenario.rate.iter_mut().map(|figure| (figure, false));
        let series = scenario.series.iter_mut();
        let series = series.flat_map(|series| series.p95.iter_mut().chain(series.errors.iter_mut()));
        series.map(|figure| (figure, true)).chain(rate)
    })
}
