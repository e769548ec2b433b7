//! What comparing must be worth: a hundred pairs that are alike, a hundred with one slower route.

use engine::compare::{Draws, Verdict};
use loadgen::compare::{self, Comparison, Rules, What};

use super::made::{ROUTES, recording};

/// Fewer draws than a user gets, so that two hundred pairs take seconds; the code is the same.
fn rules() -> Rules {
    Rules { draws: Draws { count: 399, seed: 42 }, ..Rules::default() }
}

fn regressions(comparison: &Comparison) -> Vec<(String, What)> {
    let named = comparison.changed(Verdict::Regression);
    named
        .into_iter()
        .map(|of| (of.series.map(|series| series.name.clone()).unwrap_or_default(), of.what))
        .collect()
}

#[test]
fn of_a_hundred_pairs_that_are_alike_five_at_most_regress() {
    let quiet = |pair: &u64| {
        let (a, b) = (recording(2 * pair, None), recording(2 * pair + 1, None));
        regressions(&compare::compare(&a, &b, None, rules())).is_empty()
    };
    let quiet = (0..100).filter(quiet).count();
    println!("A/A, {} routes and a group: no regression in {quiet} of 100 pairs", ROUTES.len());
    assert!(quiet >= 95, "{quiet} of 100");
}

#[test]
fn of_a_hundred_pairs_with_a_slower_route_that_one_and_no_other_is_named() {
    // A route whose p95 is 25 ms rises by 4 ms only, which the floor of 10 ms is there to pass over.
    const SLOWED: [usize; 4] = [0, 1, 2, 3];
    let named = |pair: &u64| {
        let slowed = SLOWED[(*pair % 4) as usize];
        let (a, b) = (recording(2 * pair, None), recording(2 * pair + 1, Some((slowed, 1.15))));
        let found = regressions(&compare::compare(&a, &b, None, rules()));
        found == [(ROUTES[slowed].name.to_owned(), What::P95)]
    };
    let named = (0..100).filter(named).count();
    println!("+15 % on one route of {}: that route and no other named in {named} of 100 pairs", ROUTES.len());
    assert!(named >= 95, "{named} of 100");
}
