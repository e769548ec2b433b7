use engine::{
    histogram::{Distribution, Encoder},
    run::Cell,
};
use proptest::prelude::*;

use super::merged;

/// A cell a second, of these latencies in microseconds, and how many were not answered.
fn seconds(all: &[(Vec<u64>, u64)]) -> Vec<Cell> {
    let cell = |(second, (us, unanswered)): (i64, &(Vec<u64>, u64))| {
        let ns: Vec<u64> = us.iter().map(|us| us * 1_000).collect();
        Encoder::new().cell(second, &ns, *unanswered, &[])
    };
    (0..).zip(all).map(cell).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn seconds_laid_together_have_the_percentiles_of_all_of_them(
        all in prop::collection::vec((prop::collection::vec(1_u64..100_000_000, 0..20), 0_u64..3), 1..30),
        step_s in 1_i64..12,
    ) {
        let cells = seconds(&all);
        let merged = merged::cells(&cells, step_s);
        prop_assert!(merged.iter().all(|cell| cell.second % step_s == 0));
        prop_assert!(merged.is_sorted_by(|a, b| a.second < b.second));
        let (before, after) = (Distribution::of(&cells), Distribution::of(&merged));
        prop_assert_eq!((before.count(), before.unanswered()), (after.count(), after.unanswered()));
        for percent in [1.0, 50.0, 95.0, 99.0, 100.0] {
            prop_assert_eq!(before.percentile(percent), after.percentile(percent));
        }
    }
}
