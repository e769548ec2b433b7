use proptest::prelude::*;

use super::*;

const FIGURE: Figure = Figure { kind: ResourceKind::Other, unit: Unit::Count };

fn only(shelf: Shelf) -> Resource {
    let (mut resources, trouble) = shelf.into_resources();
    assert_eq!((resources.len(), trouble), (1, None));
    resources.remove(0)
}

#[test]
fn a_counter_is_its_growth_a_second_and_a_restart_says_nothing() {
    let mut shelf = Shelf::default();
    for (at, value) in [(1_000, 10.0), (2_000, 15.0), (2_500, 25.0), (3_500, 4.0), (4_500, 5.0)] {
        shelf.counter(at, "c", FIGURE, value, None);
    }
    assert_eq!(only(shelf).points, [(2_000, 5.0), (2_500, 20.0), (4_500, 1.0)]);
}

#[test]
fn a_capacity_once_known_stays_and_what_is_no_number_is_no_point() {
    let mut shelf = Shelf::default();
    shelf.gauge(1, "g", FIGURE, 1.0, Some(8.0));
    shelf.gauge(2, "g", FIGURE, f64::NAN, None);
    shelf.gauge(3, "g", FIGURE, 2.0, None);
    let resource = only(shelf);
    assert_eq!((resource.capacity, resource.points), (Some(8.0), vec![(1, 1.0), (3, 2.0)]));
}

#[test]
fn figures_beyond_the_bound_are_told_and_not_kept() {
    let mut shelf = Shelf::default();
    for number in 0..=MOST_SERIES {
        shelf.gauge(1, &format!("g{number}"), FIGURE, 1.0, None);
    }
    let (resources, trouble) = shelf.into_resources();
    assert_eq!(resources.len(), MOST_SERIES);
    assert!(trouble.is_some_and(|trouble| trouble.contains("200 figures")));
}

#[test]
fn a_share_is_of_what_grew() {
    let mut share = Share::default();
    assert_eq!(share.of(90.0, 10.0), None);
    assert_eq!(share.of(93.0, 11.0), Some(0.75));
    assert_eq!(share.of(93.0, 11.0), None, "nothing was read");
    assert_eq!(share.of(1.0, 0.0), None, "it began anew");
    assert_eq!(share.of(2.0, 0.0), Some(1.0));
}

proptest! {
    #[test]
    fn points_stay_bounded_and_are_the_means_of_all_readings(readings in 1_u64..30_000) {
        let mut shelf = Shelf::default();
        for at in 0..readings {
            shelf.gauge(10 * at, "g", FIGURE, at as f64, None);
        }
        let points = only(shelf).points;
        prop_assert!(points.len() <= MOST_POINTS);
        prop_assert!(points.len() as u64 >= readings.min(MOST_POINTS as u64) / 2);
        // However many readings a point is of: as many as make the number of points right.
        let stride =
            (0_u32..64).map(|doubled| 1_u64 << doubled).find(|stride| readings / stride < MOST_POINTS as u64);
        let stride = stride.expect("it grows beyond any number");
        let means = (0..readings).step_by(stride as usize).map(|first| {
            let last = (first + stride).min(readings) - 1;
            (first + last) as f64 / 2.0
        });
        let means: Vec<f64> = means.collect();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        prop_assert_eq!(&values, &means);
        for ((at, _), mean) in points.iter().zip(means) {
            prop_assert!((*at as f64 - 10.0 * mean).abs() <= 1.0);
        }
    }
}
