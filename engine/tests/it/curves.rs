use engine::curve::{Curve, CurveError};
use proptest::prelude::*;

fn curve(points: &[(f64, f64)]) -> Curve {
    Curve::new(points.to_vec()).expect("a test's curve is one")
}

/// The registrations of launch day: 250 in the first two minutes, 250 in the next eight.
fn registrations() -> Curve {
    curve(&[(0.0, 250.0 / 120.0), (120.0, 250.0 / 120.0), (120.0, 250.0 / 480.0), (600.0, 250.0 / 480.0)])
}

#[test]
fn half_of_the_registrations_fall_into_the_first_two_minutes() {
    let curve = registrations();
    assert_eq!(curve.total(), 500);
    let due: Vec<f64> = (0..500).map(|n| curve.due(n).expect("500 are due")).collect();
    assert_eq!(due.iter().filter(|&&t| t < 120.0).count(), 250);
    assert!(due.iter().all(|&t| t <= 600.0));
    assert_eq!(curve.due(500), None);
}

#[test]
fn a_constant_rate_is_spread_evenly() {
    let curve = Curve::flat(100.0, 300.0);
    assert_eq!(curve.total(), 30_000);
    for n in 0..30_000 {
        let due = curve.due(n).expect("within the total");
        assert!((due - (n as f64 + 0.5) / 100.0).abs() < 1e-9);
    }
}

#[test]
fn heights_jump_where_two_points_share_a_time() {
    let curve = curve(&[(0.0, 1.0), (10.0, 1.0), (10.0, 3.0), (20.0, 3.0)]);
    assert_eq!(
        (curve.height(9.999), curve.height(10.0), curve.height(20.0), curve.height(20.1)),
        (1.0, 3.0, 3.0, 0.0)
    );
    assert_eq!((curve.area(10.0), curve.area(15.0), curve.area(99.0)), (10.0, 25.0, 40.0));
}

#[test]
fn a_head_count_that_dips_closes_and_reopens_a_seat() {
    let curve = curve(&[(0.0, 0.0), (10.0, 10.0), (20.0, 0.0), (30.0, 10.0), (40.0, 10.0)]);
    let open: Vec<(f64, f64)> = curve.open(4).iter().map(|open| (open.from, open.to)).collect();
    assert_eq!(open, [(4.5, 15.5), (24.5, 40.0)]);
    assert_eq!(curve.seats(), 10);
    assert_eq!(curve.plateau(), Some((30.0, 40.0)));
}

#[test]
fn a_peak_that_is_only_touched_has_no_plateau() {
    assert_eq!(curve(&[(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)]).plateau(), None);
}

#[test]
fn points_that_make_no_curve_are_refused() {
    let new = |points: &[(f64, f64)]| Curve::new(points.to_vec());
    assert_eq!(new(&[(0.0, 1.0)]), Err(CurveError::TooFewPoints));
    assert_eq!(new(&[(0.0, 1.0), (2.0, 1.0), (1.0, 1.0)]), Err(CurveError::BadTime(2)));
    assert_eq!(new(&[(-1.0, 1.0), (2.0, 1.0)]), Err(CurveError::BadTime(0)));
    assert_eq!(new(&[(0.0, 1.0), (f64::NAN, 1.0)]), Err(CurveError::BadTime(1)));
    assert_eq!(new(&[(0.0, 1.0), (2.0, -1.0)]), Err(CurveError::BadHeight(1)));
    assert_eq!(new(&[(0.0, f64::INFINITY), (2.0, 1.0)]), Err(CurveError::BadHeight(0)));
}

#[test]
fn a_curve_is_written_as_its_points() {
    let text = serde_json::to_string(&curve(&[(0.0, 1.0), (2.0, 3.0)])).expect("plain numbers");
    assert_eq!(text, "[[0.0,1.0],[2.0,3.0]]");
    assert_eq!(serde_json::from_str::<Curve>(&text).expect("what was written").total(), 4);
    assert!(serde_json::from_str::<Curve>("[[5.0,1.0],[2.0,3.0]]").is_err());
}

/// Curves with ramps, holds, gaps and jumps.
fn any_curve() -> impl Strategy<Value = Curve> {
    prop::collection::vec((prop_oneof![Just(0.0), 0.1..60.0], prop_oneof![Just(0.0), 0.0..40.0]), 2..8)
        .prop_map(|steps| {
            let mut t = 0.0;
            let points = steps.into_iter().map(|(dt, h)| {
                t += dt;
                (t, h)
            });
            Curve::new(points.collect()).expect("times rise and heights are not negative")
        })
}

proptest! {
    #[test]
    fn due_is_the_inverse_of_the_area(curve in any_curve()) {
        let mut last = 0.0;
        for n in 0..curve.total() {
            let due = curve.due(n).expect("within the total");
            let sought = (n as f64 + 0.5).min(curve.area(curve.duration()));
            prop_assert!((curve.area(due) - sought).abs() < 1e-6, "{n}: A({due}) = {}", curve.area(due));
            prop_assert!(due >= last && due <= curve.duration());
            last = due;
        }
        prop_assert_eq!(curve.due(curve.total()), None);
    }

    #[test]
    fn open_seats_are_the_height_in_whole_heads(curve in any_curve(), part in 0.0..1.0) {
        let t = part * curve.duration();
        let open = (0..=curve.seats()).filter(|&seat| curve.open(seat).iter().any(|open| open.from <= t && t < open.to));
        let (open, height) = (open.count(), curve.height(t));
        // Away from the very moment of a crossing, where either is right.
        prop_assume!(((height - 0.5) - (height - 0.5).round()).abs() > 1e-6);
        prop_assume!(t < curve.duration());
        prop_assert_eq!(open, height.round() as usize);
    }

    #[test]
    fn stretching_in_time_and_shrinking_in_height_keeps_the_total(curve in any_curve(), factor in 0.01..10.0) {
        let scaled = curve.stretched(factor).times(1.0 / factor);
        let area = |curve: &Curve| curve.area(curve.duration());
        prop_assert!((area(&scaled) - area(&curve)).abs() < 1e-6 * area(&curve).max(1.0));
        prop_assert!((scaled.duration() - factor * curve.duration()).abs() < 1e-6);
        for n in (0..curve.total().min(scaled.total())).step_by(7) {
            let (a, b) = (curve.due(n).expect("due"), scaled.due(n).expect("due"));
            prop_assert!((a * factor - b).abs() < 1e-3, "{} {}", a * factor, b);
        }
    }

    #[test]
    fn the_area_never_falls(curve in any_curve(), a in 0.0..1.0, b in 0.0..1.0) {
        let at = |part: f64| curve.area(part * 1.2 * curve.duration());
        prop_assert!(at(f64::min(a, b)) <= at(f64::max(a, b)) + 1e-9);
    }
}
