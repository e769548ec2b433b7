//! The statistics over two recordings, and the verdicts.

use engine::{
    compare::{
        Draws, Estimate, Pair, Timeline, Verdict, bootstrap, holm, shares, timeline::is_no_answer, verdict,
    },
    record::Role,
    stats,
};

use super::{
    Block, Comparison, FORMAT, Figure, LeftOut, Noise, Rules, Scenario, Series,
    recording::{Heard, Recorded, Recording, SizeOf},
};
use crate::words::number;

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
    let mut scenarios: Vec<Scenario> = Vec::new();
    for of_a in &a.scenarios {
        let of_b = b.scenarios.iter().find(|of_b| of_b.name == of_a.name);
        scenarios.push(match (of_b, may) {
            (None, _) => empty(of_a, LeftOut::Missing(b.subject.name.clone())),
            (Some(_), false) => empty(of_a, LeftOut::Unlike),
            (Some(of_b), true) => scenario(of_a, of_b, noise, &rules),
        });
    }
    let new = b.scenarios.iter().filter(|of_b| a.scenarios.iter().all(|of_a| of_a.name != of_b.name));
    scenarios.extend(new.map(|of_b| empty(of_b, LeftOut::Missing(a.subject.name.clone()))));
    decide(&mut scenarios);
    Comparison {
        format: FORMAT,
        a: a.subject.clone(),
        b: b.subject.clone(),
        rules,
        unlike,
        notes: notes(a, b),
        noise_pairs: noise.map(|noise| noise.pairs.len() as u64),
        scenarios,
    }
}

/// As many draws as it takes for the smallest p-value to count among so many questions.
fn enough(draws: Draws, a: &Recording) -> Draws {
    let questions: usize = a.scenarios.iter().map(|scenario| 2 * scenario.series.len() + 1).sum();
    let least = (questions as f64 / verdict::LEVEL).ceil() as usize;
    Draws { count: draws.count.max(least), ..draws }
}

/// Why two runs cannot be compared: what they rehearsed is not the same.
fn unlike(a: Option<&SizeOf>, b: Option<&SizeOf>) -> Vec<String> {
    let (Some(a), Some(b)) = (a, b) else { return Vec::new() };
    let mut all = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            all.push(format!("{what}: {a} against {b}"));
        }
    };
    differ("preset", a.preset.to_string(), b.preset.to_string());
    differ("time scale", a.time_scale.to_string(), b.time_scale.to_string());
    differ("load (times the plan's)", a.load.to_string(), b.load.to_string());
    differ("seed of the world", a.world_seed.to_string(), b.world_seed.to_string());
    all
}

/// What differs and does not forbid it.
fn notes(a: &Recording, b: &Recording) -> Vec<String> {
    let (a, b) = (&a.subject, &b.subject);
    let mut all = Vec::new();
    if a == b {
        all.push("A and B are the same run.".to_owned());
    }
    if a.size.is_some() && b.size.is_some() && a.machine != b.machine {
        all.push(format!("The load came from different machines: {} against {}.", a.machine, b.machine));
    }
    if a.size.is_none() || b.size.is_none() {
        all.push(
            "One side is k6's: whether it offered the same load is not known, and k6 counts from when a request was \
             sent."
                .to_owned(),
        );
    }
    all
}

fn empty(of: &Recorded, why: LeftOut) -> Scenario {
    let (block, series, rate) = (block(of, of), Vec::new(), None);
    Scenario { name: of.name.clone(), seconds: of.seconds, block, left_out: Some(why), series, rate }
}

fn block(a: &Recorded, b: &Recorded) -> Block {
    let seconds = a.seconds.min(b.seconds);
    match a.sliced {
        true => Block::Slices(seconds),
        false if seconds < SHORT_S => Block::Seconds(1),
        false => Block::Seconds(BLOCK_S),
    }
}

fn scenario(a: &Recorded, b: &Recorded, noise: Option<&Noise>, rules: &Rules) -> Scenario {
    let fell_short = [a, b].into_iter().find_map(|side| {
        let invalid = side.invalid.clone().map(LeftOut::Invalid);
        invalid.or_else(|| side.unfinished.clone().map(LeftOut::Unfinished))
    });
    if let Some(why) = fell_short.filter(|_| !rules.anyway) {
        return empty(a, why);
    }
    let block = block(a, b);
    let both = a.series.iter().filter_map(|of_a| {
        let of_b = b.series.iter().find(|of_b| of_b.name == of_a.name)?;
        Some((of_a, of_b))
    });
    let series = both
        .filter(|(a, b)| a.n() + b.n() > 0 || a.figures.is_some() || b.figures.is_some())
        .map(|(of_a, of_b)| series(&a.name, of_a, of_b, block, noise, rules))
        .collect();
    let rate = (a.closed_loop && b.closed_loop).then(|| rate(a, b, block, rules)).flatten();
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
        let known = noise.and_then(|noise| noise.times_ms).map_or(0.0, |[_, p95, _]| p95);
        figure(p95, (p95.a * rules.floor_share).max(rules.floor_ms).max(known))
    });
    let errors = if a.role == Role::Value { None } else { self::errors(&pair, noise, rules) };
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
            Some(figures) => figures[place],
            None => sides[side].and_then(|percentiles| answered(percentiles[place])),
        })
    })
}

fn errors(pair: &Pair, noise: Option<&super::noise::NoiseOf>, rules: &Rules) -> Option<Figure> {
    let [a, b] = pair.outcomes();
    let known = noise.and_then(|noise| noise.errors).unwrap_or_default();
    shares::difference(a, b).map(|estimate| figure(estimate, rules.floor_errors.max(known)))
}

/// Why nothing can be said of a series.
fn too_little(a: &Heard, b: &Heard, pair: &Pair, block: Block) -> Option<String> {
    if a.figures.is_some() || b.figures.is_some() {
        return Some(
            "one side has percentiles only: what chance makes of the difference cannot be said".into(),
        );
    }
    let needed = stats::smallest_sample(0.05);
    let fewest = a.n().min(b.n());
    if fewest < needed {
        return Some(format!("too few samples: {} of {needed} needed", number(fewest)));
    }
    let blocks = pair.full_blocks();
    match block {
        Block::Slices(_) if blocks < LEAST_SLICES => {
            Some(format!("too few rounds: {blocks} of {LEAST_SLICES} needed"))
        }
        Block::Seconds(seconds) if blocks < LEAST_BLOCKS => Some(format!(
            "too short to compare: samples in {} s of the run, {} s needed",
            blocks as u64 * seconds,
            LEAST_BLOCKS as u64 * seconds
        )),
        _ => None,
    }
}

fn rate(a: &Recorded, b: &Recorded, block: Block, rules: &Rules) -> Option<Figure> {
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
    Some(figure(estimate, estimate.a * rules.floor_share))
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
