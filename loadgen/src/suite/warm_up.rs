//! Warm-up: requests before the start, until answers no longer get faster. Labelled, not counted.

use std::time::Duration;

use engine::{
    clock,
    ends::{Ends, Stage},
};

use crate::{context::Context, scenario::Script};

/// Rounds that are compared with as many before them.
const WINDOW: usize = 3;
/// By how much the later ones may be faster for the target to count as warm.
const STILL_FASTER: f64 = 0.9;

/// Rounds of requests for at most `longest` (the round under way then is the last; all together are bounded
/// by twice that and ten seconds). Returns how many rounds there were.
pub(super) async fn warm_up(
    script: &dyn Script,
    context: &mut Context,
    longest: Duration,
    ends: &Ends,
) -> u64 {
    let mut rounds = 0;
    let bound = longest * 2 + Duration::from_secs(10);
    let whole = async {
        let until = clock::now() + longest;
        let mut took = Vec::new();
        while ends.stage() == Stage::Running && clock::now() < until && !steady(&took) {
            let began = clock::now();
            script.warm_up(context, rounds).await;
            took.push((clock::now() - began).as_secs_f64());
            rounds += 1;
        }
    };
    tokio::select! {
        biased;
        () = ends.reached(Stage::Leaving) => {}
        // A target that hangs is no reason to wait for ever: what comes then is measured anyway.
        _ = tokio::time::timeout(bound, whole) => {}
    }
    rounds
}

/// True when the newest rounds are about as slow as those before them.
fn steady(took: &[f64]) -> bool {
    let Some(start) = took.len().checked_sub(2 * WINDOW) else { return false };
    let (before, after) = took[start..].split_at(WINDOW);
    median(after) > STILL_FASTER * median(before)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::steady;

    #[test]
    fn a_target_that_still_gets_faster_is_not_warm() {
        assert!(!steady(&[4.0, 3.5, 3.0, 2.5, 2.0, 1.5]));
        assert!(steady(&[4.0, 2.0, 1.0, 1.0, 1.1, 1.0, 1.0]));
        assert!(!steady(&[1.0; 5]), "too few rounds to tell");
    }
}
