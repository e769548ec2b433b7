//! webhooks-load as it is planned.

use loadgen::scenario::Scope;

use crate::scopes::{full, plan, smoke};

fn intents() -> Vec<Vec<String>> {
    let plan = plan("webhooks-load", &full());
    plan.script.intents().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn share(of: &[Vec<String>], holds: impl Fn(&[String]) -> bool) -> f64 {
    of.iter().filter(|words| holds(words)).count() as f64 / of.len() as f64
}

#[test]
fn full_is_thirty_thousand_events_in_stripes_mix() {
    let intents = intents();
    assert_eq!(intents.len(), 30_000);
    let mix = [
        ("payment_intent.succeeded", 0.40),
        ("customer.subscription.updated", 0.30),
        ("invoice.payment_succeeded", 0.15),
        ("payment_intent.payment_failed", 0.10),
        ("customer.subscription.deleted", 0.05),
    ];
    for (kind, wanted) in mix {
        let got = share(&intents, |words| words[0] == kind);
        assert!((got - wanted).abs() < 0.01, "{kind}: {got}, wanted {wanted}");
    }
}

#[test]
fn deliveries_are_as_stripe_makes_them() {
    let intents = intents();
    let around =
        |got: f64, wanted: f64| assert!((got - wanted).abs() < 0.3 * wanted, "{got}, wanted {wanted}");
    around(share(&intents, |words| words[3] == "Concurrent"), 0.01);
    around(share(&intents, |words| words[3] == "Later"), 0.01);
    around(share(&intents, |words| words[2] != "InOrder"), 0.01);
    around(share(&intents, |words| words[4] != "None"), 0.01);
    around(share(&intents, |words| words[5] != "None"), 0.005);
    let requests = plan("webhooks-load", &full()).needs.requests;
    assert!((30_600..30_900).contains(&requests), "{requests} deliveries");
}

#[test]
fn a_short_burst_of_any_seed_has_some_of_each() {
    for seed in 0..20 {
        let plan = plan("webhooks-load", &Scope { seed, ..smoke() });
        let lines: Vec<String> = plan.script.intents().collect();
        let special = ["AheadOfOlder", "BehindNewer", "Concurrent", "Later", "KnownFirst", "KnownLast"];
        for word in special.into_iter().chain(["Stale", "WrongSecret", "Garbled"]) {
            assert!(lines.iter().any(|line| line.contains(word)), "seed {seed}: no {word}");
        }
    }
}

#[test]
fn out_of_order_pairs_are_two_changes_of_one_subscription() {
    let intents = intents();
    for pair in intents.chunks(2).filter(|pair| pair[0][2] == "AheadOfOlder") {
        assert_eq!(pair[1][2], "BehindNewer");
        assert_eq!(pair[0][0], "customer.subscription.updated");
        assert_eq!(pair[0][1], pair[1][1], "the same payer");
        assert_ne!(pair[0][6], pair[1][6], "the older change says something else");
    }
}
