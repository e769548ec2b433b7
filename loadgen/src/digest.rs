//! A digest of the planned requests: equal for equal seeds, so two runs can show that they asked the same.

use sha2::{Digest, Sha256};

use crate::scenario::Plan;

/// SHA-256 of a plan's requests, one line each.
pub fn of_plan(name: &str, plan: &Plan) -> String {
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update("\n");
    for line in plan.script.intents() {
        hasher.update(line);
        hasher.update("\n");
    }
    hex::encode(hasher.finalize())
}

/// SHA-256 over several plans' digests, in their order.
pub fn of_all<'a>(digests: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for digest in digests {
        hasher.update(digest);
        hasher.update("\n");
    }
    hex::encode(hasher.finalize())
}
