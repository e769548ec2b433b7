//! The search itself, against targets whose limit is known.

use engine::stats;
use loadgen::limit::{
    knee::{self, Knee},
    search::{Contradiction, End, Next, Outcome, Rules, Search},
};
use proptest::prelude::*;

/// Searches with this target to the end.
fn searched(rules: Rules, mut target: impl FnMut(f64) -> Outcome) -> (Search, End, usize) {
    let (mut search, mut trials) = (Search::new(rules), 0);
    loop {
        match search.next() {
            Next::Try(factor) => {
                trials += 1;
                search.record(factor, target(factor));
            }
            Next::Stop(end) => return (search, end, trials),
        }
    }
}

/// Passes up to a factor and fails above it.
fn step(knee: f64) -> impl Fn(f64) -> Outcome {
    move |factor| if factor <= knee { Outcome::Pass } else { Outcome::Fail }
}

proptest! {
    #[test]
    fn a_sure_limit_is_bracketed_and_never_overstated(
        knee in 1.0..40.0_f64,
        step_by in 1.1..4.0_f64,
        within in 0.03..0.5_f64,
    ) {
        let rules = Rules { step: step_by, within, most_trials: 80, up_to: 1_000.0 };
        let (search, end, _) = searched(rules, step(knee));
        let (holds, breaks) = (search.holds().expect("1 holds"), search.breaks().expect("1 000 does not"));
        prop_assert_eq!(end, End::Found);
        prop_assert!(holds <= knee && knee < breaks, "{} in {}..{}", knee, holds, breaks);
        // Factors are in hundredths, which near 1 is as near as one can come.
        prop_assert!(breaks <= holds * (1.0 + within) + 0.011, "{}..{}", holds, breaks);
        prop_assert!(search.contradictions().is_empty());
    }

    #[test]
    fn whatever_trials_say_the_search_ends_and_holds_only_what_passed(
        outcomes in prop::collection::vec(
            prop::sample::select(vec![Outcome::Pass, Outcome::Fail, Outcome::Inconclusive, Outcome::Invalid]),
            30,
        ),
        most_trials in 1_usize..20,
    ) {
        let mut said = outcomes.into_iter();
        let mut tried = Vec::new();
        let rules = Rules { most_trials, ..Rules::default() };
        let (search, _, trials) = searched(rules, |factor| {
            let outcome = said.next().expect("there are more than trials");
            tried.push((factor, outcome));
            outcome
        });
        prop_assert!(trials <= most_trials);
        if let Some(holds) = search.holds() {
            prop_assert!(tried.contains(&(holds, Outcome::Pass)));
            let broke = |(factor, outcome): &(f64, Outcome)| {
                let undecided = *outcome == Outcome::Inconclusive && !tried.contains(&(*factor, Outcome::Pass));
                *factor <= holds && (*outcome == Outcome::Fail || undecided)
            };
            prop_assert!(!tried.iter().any(broke));
        }
    }
}

/// A target with eight servers that take 50 ms each: 160 requests a second and no more. M/M/c's waiting time is
/// Erlang's (Gross et al., *Fundamentals of Queueing Theory*, §2.3).
struct Queue {
    /// Requests a second at factor 1.
    base: f64,
}

const SERVERS: f64 = 8.0;
const SERVICE_S: f64 = 0.05;
const LIMIT_S: f64 = 0.3;
const TRIAL_S: f64 = 60.0;

impl Queue {
    /// The share of requests that take the limit or longer.
    fn slow(&self, factor: f64) -> f64 {
        let (rate, mu) = (self.base * factor, 1.0 / SERVICE_S);
        let offered = rate / mu;
        if offered >= SERVERS {
            return 1.0;
        }
        let mut blocked = 1.0;
        for servers in 1..=8 {
            blocked = offered * blocked / (f64::from(servers) + offered * blocked);
        }
        let waits = blocked / (1.0 - offered / SERVERS * (1.0 - blocked));
        let drain = SERVERS * mu - rate;
        let (served, waited) = ((-mu * LIMIT_S).exp(), (-drain * LIMIT_S).exp());
        (1.0 - waits) * served + waits * (drain * served - mu * waited) / (drain - mu)
    }

    fn knee(&self) -> f64 {
        let (mut low, mut high) = (0.01, SERVERS / SERVICE_S / self.base);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            *(if self.slow(middle) < 0.05 { &mut low } else { &mut high }) = middle;
        }
        low
    }

    /// A trial's verdict on p95, on as many requests as it would send.
    fn trial(&self, factor: f64, draw: &mut impl FnMut() -> f64) -> Outcome {
        let (n, slow) = ((self.base * factor * TRIAL_S) as u64, self.slow(factor));
        let bad = (0..n).filter(|_| draw() < slow).count() as f64;
        if stats::shown_above(bad, n as f64, 0.05) {
            Outcome::Fail
        } else if stats::shown_below(bad, n as f64, 0.05) {
            Outcome::Pass
        } else {
            Outcome::Inconclusive
        }
    }
}

/// Numbers in 0..1 (xorshift64*, Vigna 2016): a million of them in no time.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How many of a hundred seeded searches end within the tolerance of the knee.
fn near(
    knee: impl Fn(u64) -> f64,
    mut trial: impl FnMut(u64, f64, &mut dyn FnMut() -> f64) -> Outcome,
) -> usize {
    let rules = Rules::default();
    let found = |seed: &u64| {
        let mut draw = numbers(*seed + 1);
        let (search, ..) = searched(rules, |factor| trial(*seed, factor, &mut draw));
        let off = search.holds().expect("the plan holds") / knee(*seed);
        off <= 1.0 + rules.within && off * (1.0 + rules.within) >= 1.0 / (1.0 + rules.within)
    };
    (0..100).filter(found).count()
}

#[test]
fn the_knee_of_a_queue_is_found() {
    let queue = |seed: u64| Queue { base: 20.0 + seed as f64 };
    assert!((queue(0).knee() - 7.0).abs() < 1.0, "{}", queue(0).knee());
    let hits = near(|seed| queue(seed).knee(), |seed, factor, mut draw| queue(seed).trial(factor, &mut draw));
    assert!(hits >= 95, "{hits} of 100");
}

#[test]
fn the_knee_of_a_noisy_step_is_found() {
    // Sure at a twentieth from the knee, a coin's toss at it.
    let knee = |seed: u64| 1.3 + 0.07 * seed as f64;
    let hits = near(knee, |seed, factor, draw| {
        let passes = 0.5 + 10.0 * (1.0 - factor / knee(seed));
        if draw() < passes { Outcome::Pass } else { Outcome::Fail }
    });
    assert!(hits >= 95, "{hits} of 100");
}

#[test]
fn a_plan_that_does_not_pass_is_where_it_ends() {
    for (outcome, made) in [(Outcome::Fail, 1), (Outcome::Inconclusive, 1), (Outcome::Invalid, 2)] {
        let (search, end, trials) = searched(Rules::default(), |_| outcome);
        assert_eq!((end, trials, search.holds()), (End::AtThePlan(outcome), made, None));
    }
}

#[test]
fn a_generator_that_gives_out_ends_the_way_up() {
    let gives_out = |factor: f64| if factor > 3.0 { Outcome::Invalid } else { Outcome::Pass };
    let (search, end, trials) = searched(Rules::default(), gives_out);
    assert_eq!((end, search.holds(), search.breaks()), (End::GeneratorGaveOut(3.38), Some(2.25), None));
    assert_eq!(trials, 5, "1, 1.5, 2.25, and 3.38 twice");
    let mut busy = [3, 6].into_iter().peekable();
    let mut trial = 0;
    let (search, end, _) = searched(Rules::default(), |factor| {
        trial += 1;
        if busy.next_if_eq(&trial).is_some() { Outcome::Invalid } else { step(4.0)(factor) }
    });
    assert_eq!(end, End::Found, "a machine that is busy now and then ends nothing: {search:?}");
    let rules = Rules { up_to: 4.0, ..Rules::default() };
    let (search, end, _) = searched(rules, |_| Outcome::Pass);
    assert_eq!((end, search.holds()), (End::UpTo, Some(4.0)));
    let rules = Rules { most_trials: 3, ..Rules::default() };
    let (search, end, _) = searched(rules, step(1.6));
    assert_eq!((end, search.holds(), search.breaks()), (End::OutOfTrials, Some(1.5), Some(2.25)));
}

#[test]
fn a_load_that_passes_once_and_not_twice_is_not_the_limit() {
    let mut tried = Vec::new();
    let (search, end, _) = searched(Rules::default(), |factor| {
        let again = tried.contains(&factor);
        tried.push(factor);
        if factor > 2.3 || factor > 2.2 && again { Outcome::Fail } else { Outcome::Pass }
    });
    assert_eq!((end, search.breaks()), (End::Found, Some(2.25)));
    assert!(search.holds().is_some_and(|holds| (1.5..2.25).contains(&holds)), "{:?}", search.holds());
    assert_eq!(search.contradictions(), [Contradiction { broke: 2.25, passed: 2.25 }]);
}

#[test]
fn the_knee_is_where_latency_leaves_its_plateau() {
    let queue = |x: f64| (x, 40.0 / (1.0 - x / 3.2).max(0.02));
    let points = [1.0, 1.5, 2.25, 2.6, 2.9, 3.1, 3.19].map(queue);
    assert!(
        matches!(knee::of(&points), Knee::Near(at) if (2.5..3.15).contains(&at)),
        "{:?}",
        knee::of(&points)
    );
    let elbow = [(1.0, 40.0), (1.5, 41.0), (2.25, 42.0), (3.38, 400.0), (2.25, 60.0), (2.25, 42.0)];
    assert_eq!(knee::of(&elbow), Knee::Near(2.25), "the median of several at one load counts");
    assert_eq!(knee::of(&[(1.0, 40.0), (2.0, 41.0), (3.0, 44.0), (4.0, 42.0)]), Knee::Flat);
    assert_eq!(knee::of(&[(1.0, 40.0), (2.0, 80.0), (3.0, 120.0), (4.0, 160.0)]), Knee::NoBend);
    assert_eq!(knee::of(&[(1.0, 40.0), (2.0, 41.0), (3.0, 400.0)]), Knee::TooFew);
    assert_eq!(knee::of(&[]), Knee::TooFew);
}
