//! Counts that only grow.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{curve::Curve, histogram::Encoder, record::values::Values};

fn values(us: &[u64], unanswered: u64) -> Values {
    let mut values = Values::new(Arc::default());
    for us in us {
        values.add(us * 1_000);
    }
    values.unanswered = unanswered;
    values
}

fn spread(us: &[u64], unanswered: u64) -> Spread {
    let mut spread = Spread::default();
    spread.enter(&values(us, unanswered));
    spread
}

#[test]
fn a_value_that_equals_a_bound_is_not_above_it() {
    let of = spread(&[999, 1_000, 1_001, 20_000_000], 2);
    assert_eq!((of.up_to()[0], of.up_to()[1], of.up_to()[18], of.count()), (2, 3, 3, 6));
    assert_eq!(of.sum_ns, 20_003_000_000);
}

#[test]
fn what_is_planned_by_a_moment_is_what_starts_before_it() {
    let every = Duration::from_secs(6);
    let users = Curve::new(vec![(0.0, 0.0), (12.0, 10.0), (40.0, 10.0)]).expect("a curve");
    for load in [Load::Arrivals(users.clone()), Load::Paced { users, every }] {
        let all = load.planned_starts();
        assert_eq!(load.planned_by(-1.0), Some(0));
        assert_eq!(load.planned_by(1_000.0), Some(all));
        let by: Vec<u64> = (0..42).filter_map(|second| load.planned_by(second.into())).collect();
        assert!(by.is_sorted() && by.len() == 42 && by[20] > 0 && by[20] < all, "{by:?}");
    }
    let heads = Flow::new("crowd", Load::Visitors(Curve::flat(3.0, 10.0)));
    assert_eq!(planned_by(&[heads], 5.0), None);
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole(
        one in prop::collection::vec(0_u64..30_000_000, 0..40),
        two in prop::collection::vec(0_u64..30_000_000, 0..40),
        lost in 0_u64..3,
    ) {
        let mut parts = spread(&one, lost);
        parts.add(&spread(&two, 0));
        let all = [one, two].concat();
        prop_assert_eq!(&parts, &spread(&all, lost));
        for (bound, up_to) in BOUNDS_US.iter().zip(parts.up_to()) {
            prop_assert_eq!(up_to, all.iter().filter(|us| **us <= u64::from(*bound)).count() as u64);
        }
    }

    #[test]
    fn what_a_run_came_to_is_nowhere_less_than_it_was(
        us in prop::collection::vec(0_u64..12_000_000, 1..60),
        more in prop::collection::vec(0_u64..12_000_000, 0..20),
        lost in 0_u64..3,
    ) {
        let before = spread(&us, lost);
        let all = [us, more].concat();
        let cells = vec![Encoder::new().cell_of(0, &values(&all, lost))];
        let after = Spread::of(&ColumnRun { column: Column::SinceDue, limits_ns: Vec::new(), cells }, &before);
        prop_assert_eq!(after.count(), all.len() as u64 + lost);
        prop_assert_eq!(after.sum_ns, all.iter().sum::<u64>() * 1_000);
        let pairs = before.up_to().into_iter().zip(after.up_to());
        prop_assert!(pairs.clone().all(|(before, after)| before <= after));
        prop_assert!(after.up_to().is_sorted());
        // A histogram of three digits is off by no more than what lies that close to a bound.
        for (bound, up_to) in BOUNDS_US.iter().map(|bound| f64::from(*bound)).zip(after.up_to()) {
            let within = |limit: f64| all.iter().filter(|us| **us as f64 <= limit).count() as u64;
            prop_assert!(within(bound * 0.998) <= up_to && up_to <= within(bound * 1.002));
        }
    }
}
