//! What was typed wrong, and targets that are refused or absent.

use crate::command::seed;

#[test]
fn an_unknown_environment_is_named_with_the_allowed_ones() {
    seed(&["--environment=production"]).fails_with(2, &["production", "mock, local, staging"]);
}

#[test]
fn an_environment_must_be_given() {
    seed(&[]).fails_with(2, &["--environment <mock|local|staging>"]);
    seed(&["verify"]).fails_with(2, &["--environment <mock|local|staging>"]);
}

#[test]
fn a_scale_excludes_counts_and_has_bounds() {
    seed(&["plan", "--scale", "2", "--users", "7"])
        .fails_with(2, &["--scale", "--users", "cannot be used with"]);
    seed(&["plan", "--scale", "1000"]).fails_with(2, &["1000", "1..=100"]);
    seed(&["plan", "--users", "many"]).fails_with(2, &["many", "--users"]);
}

#[test]
fn only_loopback_is_seeded() {
    for url in
        ["http://192.0.2.1:8089", "http://example.org", "http://[2001:db8::1]:8089", "http://0.0.0.0:8089"]
    {
        seed(&["--environment=mock", "--admin-token=t", "--url", url])
            .fails_with(3, &[url, "not on this machine", "Nothing was sent"]);
    }
}

#[test]
fn an_address_must_be_one() {
    for url in ["8089", "https://127.0.0.1:8089", "http://127.0.0.1:8089/api"] {
        seed(&["--environment=mock", "--admin-token=t", "--url", url]).fails_with(2, &[url]);
    }
}

#[test]
fn a_token_must_be_given() {
    seed(&["--environment=mock"]).fails_with(2, &["--admin-token", "MOCK_ADMIN_TOKEN"]);
}

#[test]
fn a_mock_that_is_not_there_is_named_with_what_was_tried() {
    // Port 1 of the loopback is nobody's.
    seed(&["--environment=mock", "--admin-token=t", "--url", "http://127.0.0.1:1"])
        .fails_with(3, &["nothing answers at http://127.0.0.1:1", "GET /health"]);
}
