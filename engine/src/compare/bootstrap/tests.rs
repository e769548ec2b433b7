use proptest::prelude::*;

use super::*;
use crate::compare::{
    Timeline, holm,
    verdict::{self, Verdict},
};

const FEW: Draws = Draws { count: 199, seed: 7 };

/// Blocks of one second, each with these values in microseconds.
fn timeline(blocks: &[Vec<u64>]) -> Timeline {
    let mut all = Timeline::default();
    for (second, values) in (0..).zip(blocks) {
        for us in values {
            all.add(second, *us, 1);
        }
    }
    all
}

fn blocks() -> impl Strategy<Value = Vec<Vec<u64>>> {
    prop::collection::vec(prop::collection::vec(1_000_u64..100_000, 1..12), 8..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_run_does_not_differ_from_itself(blocks in blocks()) {
        let of = timeline(&blocks);
        let [p50, p95] = quantiles(&Pair::new(&of, &of, 1), [0.5, 0.95], FEW).expect("values");
        for of in [p50, p95] {
            prop_assert_eq!((of.difference(), of.low, of.high, of.p), (0.0, 0.0, 0.0, 1.0));
            prop_assert_eq!(verdict::of(&of, of.p, 10.0), Verdict::NoChangeShown);
        }
    }

    #[test]
    fn the_other_way_round_it_is_the_opposite(a in blocks(), b in blocks()) {
        let (a, b) = (timeline(&a), timeline(&b));
        let there = quantiles(&Pair::new(&a, &b, 1), [0.5, 0.95], FEW).expect("values");
        let back = quantiles(&Pair::new(&b, &a, 1), [0.5, 0.95], FEW).expect("values");
        for (there, back) in there.into_iter().zip(back) {
            prop_assert_eq!((there.a, there.low, there.high), (back.b, -back.high, -back.low));
            prop_assert!((there.p - back.p).abs() < 1e-9, "{} {}", there.p, back.p);
            prop_assert!(there.low <= there.difference() && there.difference() <= there.high);
            prop_assert!((1.0 / 200.0 - 1e-12..=1.0).contains(&there.p));
        }
    }

    #[test]
    fn holm_never_makes_a_p_value_smaller_and_keeps_their_order(p in prop::collection::vec(0.0..=1.0_f64, 0..30)) {
        let adjusted = holm::adjusted(&p);
        for (i, one) in p.iter().enumerate() {
            prop_assert!(adjusted[i] >= *one && adjusted[i] <= 1.0);
            prop_assert!(adjusted[i] <= one * p.len() as f64 + 1e-12 || adjusted.iter().zip(&p).any(|(a, q)| q <= one && *a >= adjusted[i]));
            for (j, other) in p.iter().enumerate() {
                prop_assert!(one > other || adjusted[i] <= adjusted[j]);
            }
        }
    }
}

#[test]
fn holms_own_example() {
    // Wright, Biometrics 48 (1992): p-values 0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02.
    let adjusted = holm::adjusted(&[0.01, 0.04, 0.03, 0.005]);
    for (got, expected) in adjusted.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert!((got - expected).abs() < 1e-12, "{got} {expected}");
    }
}

#[test]
fn equal_seeds_give_equal_figures_and_a_large_shift_is_no_chance() {
    let a: Vec<Vec<u64>> = (0..20_u64)
        .map(|block| (0..30).map(|n| 20_000 + (n * 7 + block * 13) % 30 * 1_000).collect())
        .collect();
    let b: Vec<Vec<u64>> = a.iter().map(|block| block.iter().map(|us| us + 40_000).collect()).collect();
    let pair = Pair::new(&timeline(&a), &timeline(&b), 1);
    let once = quantiles(&pair, [0.95], Draws::default()).expect("values");
    assert_eq!(once, quantiles(&pair, [0.95], Draws::default()).expect("values"));
    let [p95] = once;
    assert!((p95.difference() - 40.0).abs() < 0.1 && p95.p < 0.001, "{p95:?}");
    assert_eq!(verdict::of(&p95, p95.p, 10.0), Verdict::Regression);
    assert_eq!(verdict::of(&p95.negated(), p95.p, 10.0), Verdict::Improvement);
    assert_eq!(verdict::of(&p95, p95.p, 50.0), Verdict::NoChangeShown);
}

#[test]
fn few_blocks_are_less_sure() {
    assert!(expanded_tail(1_000) > 0.0245 && expanded_tail(1_000) < 0.025);
    assert!(expanded_tail(8) < 0.01 && expanded_tail(8) > 0.0);
    assert!(expanded_tail(5) < expanded_tail(8));
}

#[test]
fn what_scatters_cannot_be_told_and_says_how_much_longer_would() {
    let of = Estimate { a: 200.0, b: 208.0, low: -32.0, high: 48.0, p: 0.6 };
    match verdict::of(&of, 1.0, 10.0) {
        Verdict::CannotTell { times_longer } => {
            assert!((times_longer - 400.0).abs() < 1e-9, "{times_longer}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rates_are_events_a_second() {
    let (a, b) = ([100, 110, 90, 100, 105, 95, 100, 100], [80, 88, 72, 80, 84, 76, 80, 80]);
    let of = rates(&a, &b, 5.0, FEW).expect("blocks");
    assert!((of.a - 20.0).abs() < 1e-9 && (of.b - 16.0).abs() < 1e-9);
    assert_eq!(verdict::of(&of.negated(), of.p, 1.0), Verdict::Regression);
    assert_eq!(rates(&[], &[], 5.0, FEW), None);
}
