use engine::slope::{trend, trend_of};
use proptest::prelude::*;

use crate::verdicts::run_of;

/// A reproducible disturbance between −1 and 1 (a linear congruential step; no need for better).
fn noise(n: u64) -> f64 {
    let mixed = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (mixed >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
}

fn points(n: u64, y: impl Fn(u64) -> f64) -> Vec<(f64, f64)> {
    (0..n).map(|t| (t as f64, y(t))).collect()
}

#[test]
fn a_growing_queue_is_found() {
    let trend =
        trend_of(&points(300, |t| 200.0 + 0.5 * t as f64 + 5.0 * noise(t))).expect("300 seconds are enough");
    assert!((trend.slope_ms_per_s - 0.5).abs() < 0.02, "{trend:?}");
    assert!((trend.change_ms - 149.5).abs() < 6.0);
    assert!(trend.is_finding());
}

#[test]
fn steady_latency_has_no_trend() {
    let trend = trend_of(&points(300, |t| 200.0 + 20.0 * noise(t))).expect("300 seconds are enough");
    assert!(!trend.is_finding() && trend.p_value > 0.01, "{trend:?}");
}

#[test]
fn a_few_stalls_do_not_make_a_slope() {
    let stalls = |t| if t > 280 && t % 5 == 0 { 5_000.0 } else { 200.0 + 3.0 * noise(t) };
    let trend = trend_of(&points(300, stalls)).expect("300 seconds are enough");
    assert!(trend.change_ms.abs() < 10.0 && !trend.is_finding(), "{trend:?}");
}

#[test]
fn a_trend_too_small_to_matter_is_no_finding() {
    let trend = trend_of(&points(300, |t| 200.0 + 0.02 * t as f64)).expect("300 seconds are enough");
    assert!(trend.p_value < 0.01 && !trend.is_finding(), "{trend:?}");
}

#[test]
fn waves_are_no_trend() {
    // Neighbouring seconds resemble each other: the variance is widened for it.
    let wave = |t: u64| 200.0 + 50.0 * (t as f64 / 12.0).sin();
    let trend = trend_of(&points(300, wave)).expect("300 seconds are enough");
    assert!(!trend.is_finding(), "{trend:?}");
}

#[test]
fn constant_latency_is_flat_for_certain() {
    let trend = trend_of(&points(60, |_| 7.0)).expect("60 seconds are enough");
    assert!(trend.slope_ms_per_s.abs() < 1e-12 && !trend.is_finding());
}

#[test]
fn only_the_window_counts() {
    // Slow in the first 30 s, fast after: no trend in the steady part.
    let run = run_of(&[vec![(10, 10); 30], vec![(10, 0); 60]].concat());
    assert_eq!(trend(&run.timings[0], (0.0, 15.0)), None, "too short");
    let steady = trend(&run.timings[0], (30.0, 90.0)).expect("60 seconds are enough");
    assert_eq!((steady.seconds, steady.is_finding()), (60, false));
    assert!((steady.level_ms - 10.0).abs() < 0.1);
}

proptest! {
    #[test]
    fn turning_time_around_turns_the_slope(seed in 0_u64..1_000, slope in -2.0..2.0) {
        let y = |t: u64| 500.0 + slope * t as f64 + 3.0 * noise(seed + t);
        let (ahead, back) = (points(50, y), points(50, |t| y(49 - t)));
        let (ahead, back) = (trend_of(&ahead).expect("enough"), trend_of(&back).expect("enough"));
        prop_assert!((ahead.slope_ms_per_s + back.slope_ms_per_s).abs() < 1e-9);
        prop_assert!((ahead.p_value - back.p_value).abs() < 1e-6);
    }
}
