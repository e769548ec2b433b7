//! A goal called lost before the end is judged FAIL whatever the rest brings; a goal that may yet be saved is
//! not called lost.

use engine::{
    goal::{self, Claim, Goal, Kind},
    record::{Registry, Standing},
    stats,
    verdict::{Verdict, doomed, judge_goal},
};
use proptest::prelude::*;

use crate::verdicts::run_of;

fn bad_below(limit: f64) -> Claim {
    goal::share(Registry::new().share("good")).bad_below(limit)
}

fn sampled(limit: f64, most: u64) -> Goal {
    Goal::sampled("share", bad_below(limit), most).of_at_most(most)
}

fn seen(n: u64, bad: u64) -> Standing {
    Standing { n, bad }
}

#[test]
fn one_counterexample_dooms_an_exact_goal() {
    let never = Goal::exact("never", goal::never(Registry::new().counter("bad")));
    assert!(doomed(&never, seen(1, 1)) && !doomed(&never, seen(0, 0)));
    let always = Goal::exact("always", goal::always(Registry::new().share("good"))).of_at_least(100);
    assert!(doomed(&always, seen(3, 1)) && !doomed(&always, seen(99, 0)));
    assert!(!doomed(&always.not_measured("nobody looked"), seen(3, 1)));
}

#[test]
fn a_census_is_lost_when_all_the_others_cannot_save_it() {
    let goal = |most: Option<u64>| {
        let goal = Goal::census("share", bad_below(0.1), 50);
        most.map_or(goal.clone(), |most| goal.of_at_most(most))
    };
    assert!(!doomed(&goal(Some(50)), seen(20, 4)), "four of fifty are below a tenth");
    assert!(doomed(&goal(Some(50)), seen(20, 5)));
    assert!(!doomed(&goal(Some(60)), seen(20, 5)), "sixty may come");
    assert!(!doomed(&goal(None), seen(50, 50)), "any number may come");
}

#[test]
fn a_sample_is_lost_only_when_no_design_effect_could_save_it() {
    let goal = sampled(0.05, 1_000);
    let first = (0..=1_000).find(|&bad| doomed(&goal, seen(bad, bad))).expect("all slow is lost");
    assert!((350..480).contains(&first), "{first} of 1 000 slow");
    assert!(!doomed(&goal, seen(100, 100)), "a tenth slow would fail, unless it comes in one burst");
    let unbounded = Goal::sampled("share", bad_below(0.05), 1_000);
    assert!(!doomed(&unbounded, seen(1_000, 1_000)));
    assert!(!doomed(&goal, seen(1_001, 1_001)), "the bound was wrong, so nothing is certain");
}

/// What the tail of the limit does between no design effect and the largest is what soundness rests on.
#[test]
fn a_larger_sample_of_a_share_above_the_limit_shows_more() {
    for limit in [0.001, 0.01, 0.05, 0.2] {
        for share in
            [1.05, 1.5, 3.0, 10.0].map(|times| limit * times).into_iter().filter(|share| *share < 1.0)
        {
            let tail = |n: f64| stats::beta_regularized(share * n, n - share * n + 1.0, limit);
            let sizes: Vec<f64> = (0..60).map(|step| 0.05 * 1.25_f64.powi(step)).collect();
            for pair in sizes.windows(2) {
                assert!(tail(pair[1]) <= tail(pair[0]) + 1e-9, "{limit} {share} {pair:?}");
            }
        }
    }
}

/// So many observations over so many seconds, in an order: bad ones in bursts or spread.
fn layout(n: u64, bad: u64, seconds: usize, burst: bool, turn: usize) -> Vec<(u64, u64)> {
    let mut all = vec![(0, 0); seconds.max(1)];
    let length = all.len();
    for i in 0..n {
        let place =
            if burst { (i * length as u64 / n.max(1)) as usize } else { (i as usize * 7 + turn) % length };
        let second = &mut all[place];
        second.0 += 1;
        second.1 += u64::from(i < bad);
    }
    all.rotate_left(turn % length);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn whatever_is_called_lost_is_judged_fail(
        limit in prop::sample::select(vec![0.3, 0.2, 0.05, 0.05, 0.02, 0.01]),
        kind in prop::sample::select(vec![Kind::Sampled, Kind::Sampled, Kind::Census, Kind::Exact]),
        most in 20_u64..1_500,
        (part, share) in (0.2..=1.0_f64, 0.3..=1.0_f64),
        (come, worse) in (0.0..=1.0_f64, prop::sample::select(vec![0.0, 0.0, 0.5, 1.0])),
        (seconds, more_seconds) in (1_usize..40, 0_usize..60),
        (burst, turn) in (any::<bool>(), 0_usize..50),
    ) {
        let n = (most as f64 * part) as u64;
        let bad = (n as f64 * share) as u64;
        let goal = match kind {
            Kind::Sampled => sampled(limit, most),
            Kind::Census => Goal::census("share", bad_below(limit), most / 2).of_at_most(most),
            Kind::Exact => Goal::exact("all", goal::always(Registry::new().share("good"))),
        };
        if doomed(&goal, seen(n, bad)) {
            // As many more as may come, or fewer; all good, or not.
            let later = ((most - n) as f64 * come) as u64;
            let later_bad = (later as f64 * worse) as u64;
            let mut all = layout(n, bad, seconds, burst, turn);
            all.extend(layout(later, later_bad, more_seconds, burst, turn));
            let verdict = judge_goal(&run_of(&all), &goal).verdict;
            prop_assert_eq!(verdict, Verdict::Fail);
        }
    }
}
