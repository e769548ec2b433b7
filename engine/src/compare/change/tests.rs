use proptest::prelude::*;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::*;

/// Roughly normal numbers: twelve uniform ones less six.
fn noise(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0
}

/// So many runs around 200 ms that scatter by 4 %, a fifth more from `at` on.
fn history(seed: u64, runs: usize, at: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..runs).map(|run| 200.0 * if run < at { 1.0 } else { 1.2 } * (1.0 + 0.04 * noise(&mut rng))).collect()
}

#[test]
fn a_planted_step_is_found_within_a_run() {
    let found = |seed: &u64| {
        let at = 6 + (seed % 13) as usize;
        let points = points(&history(*seed, 24, at), 0.001);
        points.len() == 1 && points[0].at.abs_diff(at) <= 1
    };
    let hits = (0..100).filter(found).count();
    println!("a step of 20 % in noise of 4 %, 24 runs: found within ± 1 run, alone, in {hits} of 100");
    assert!(hits >= 95, "{hits} of 100");
}

#[test]
fn noise_alone_is_no_change() {
    let quiet = (0..100).filter(|seed| points(&history(1_000 + seed, 24, 99), 0.001).is_empty()).count();
    println!("noise of 4 % alone, 24 runs: no change said in {quiet} of 100");
    assert!(quiet >= 95, "{quiet} of 100");
}

#[test]
fn two_steps_are_two_changes() {
    let mut values = history(3, 30, 10);
    values[20..].iter_mut().for_each(|value| *value *= 0.7);
    let at: Vec<usize> = points(&values, 0.001).iter().map(|point| point.at).collect();
    assert_eq!(at, [10, 20]);
}

#[test]
fn one_bad_night_is_no_change() {
    let mut values = history(5, 20, 99);
    values[9] *= 2.0;
    assert_eq!(points(&values, 0.001), []);
}

#[test]
fn a_short_history_says_nothing_and_one_without_scatter_is_exact() {
    assert_eq!(points(&[1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0], 0.001), []);
    assert_eq!(points(&[5.0; 12], 0.001), []);
    let mut step = vec![5.0; 12];
    step[7..].fill(6.0);
    let [point] = points(&step, 0.001)[..] else { panic!("one change") };
    assert_eq!((point.at, point.before, point.after, point.p), (7, 5.0, 6.0, 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn units_and_offsets_do_not_matter(seed in 0_u64..1_000, at in 5_usize..15, scale in 0.5..50.0_f64, add in 0.0..500.0_f64) {
        let values = history(seed, 20, at);
        let other: Vec<f64> = values.iter().map(|value| value * scale + add).collect();
        let places = |values: &[f64]| points(values, 0.001).iter().map(|point| point.at).collect::<Vec<_>>();
        prop_assert_eq!(places(&values), places(&other));
    }

    #[test]
    fn a_planted_step_backwards_is_at_the_mirrored_place(seed in 0_u64..1_000, at in 6_usize..14) {
        let mut values = history(seed, 20, at);
        let there: Vec<usize> = points(&values, 0.001).iter().map(|point| 20 - point.at).rev().collect();
        values.reverse();
        let back: Vec<usize> = points(&values, 0.001).iter().map(|point| point.at).collect();
        prop_assert_eq!(there, back);
    }
}
