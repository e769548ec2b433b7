//! Limits and secrets.

use std::time::Duration;

use engine::clock;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::*;

fn heard(status: StatusCode, headers: &[(&'static str, &'static str)]) -> (Limits, clock::Instant) {
    let pairs = headers.iter();
    let headers: HeaderMap =
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    let (mut limits, now) = (Limits::default(), clock::now());
    limits.hear(status, &headers, now);
    (limits, now)
}

/// Seconds from which on errors and transactions may be told again, of those asked about.
fn free((limits, now): &(Limits, clock::Instant), at: &[u64]) -> Vec<(bool, bool)> {
    let allow = |category, s| limits.allow(category, *now + Duration::from_secs(s));
    at.iter().map(|s| (allow(Category::Error, *s), allow(Category::Transaction, *s))).collect()
}

#[test]
fn a_pause_is_of_the_categories_it_names() {
    let limited = "60:transaction:key, 2700:default;error;security:organization";
    let ok = heard(StatusCode::OK, &[("x-sentry-rate-limits", limited)]);
    assert_eq!(free(&ok, &[0, 60, 2_700]), [(false, false), (false, true), (true, true)]);
    let all = heard(StatusCode::TOO_MANY_REQUESTS, &[("x-sentry-rate-limits", "10::organization")]);
    assert_eq!(free(&all, &[9, 10]), [(false, false), (true, true)]);
    let others = heard(StatusCode::TOO_MANY_REQUESTS, &[("x-sentry-rate-limits", "10:attachment:key")]);
    assert_eq!(free(&others, &[0]), [(true, true)]);
}

#[test]
fn without_categories_it_is_of_everything() {
    let seven = heard(StatusCode::TOO_MANY_REQUESTS, &[("retry-after", "7")]);
    assert_eq!(free(&seven, &[6, 7]), [(false, false), (true, true)]);
    for unsaid in [&[][..], &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]] {
        let unsaid = heard(StatusCode::TOO_MANY_REQUESTS, unsaid);
        assert_eq!(free(&unsaid, &[59, 60]), [(false, false), (true, true)]);
    }
    assert_eq!(free(&heard(StatusCode::OK, &[("retry-after", "7")]), &[0]), [(true, true)]);
    assert_eq!(free(&heard(StatusCode::BAD_GATEWAY, &[]), &[0]), [(true, true)]);
}

#[test]
fn secrets_are_taken_out_and_the_rest_stays() {
    for (text, scrubbed) in [
        ("Authorization: Bearer abc.def-1\r\nhost: x", "Authorization: Bearer [scrubbed]\r\nhost: x"),
        ("authorization: abc", "authorization: [scrubbed]"),
        (r#"{"refresh_token":"r-1","user":"u"}"#, r#"{"refresh_token":"[scrubbed]","user":"u"}"#),
        ("password=hunter2&next=/home", "password=[scrubbed]&next=/home"),
        ("signed with whsec_0123abc, status 400", "signed with [scrubbed], status 400"),
        ("eyJhbGciOi.eyJzdWIi.c2ln was refused", "[scrubbed] was refused"),
        ("the refresh token was used before", "the refresh token was used before"),
        ("status 503: no seat for loadtest+1@wwmaa.com", "status 503: no seat for loadtest+1@wwmaa.com"),
    ] {
        assert_eq!(scrub(text), scrubbed);
    }
}

#[test]
fn a_dsn_that_is_none_is_not_shown() {
    assert_eq!(Wish::new(None, 1), Err(NoDsn::Missing));
    assert_eq!(Wish::new(Some(" "), 1), Err(NoDsn::Missing));
    for wrong in
        ["hunter2", "https://hunter2@", "https://hunter2@host/", "https://host/1", "ftp://hunter2@host/1"]
    {
        let refused = Wish::new(Some(wrong), 1).expect_err(wrong).to_string();
        assert!(refused.contains("SENTRY_DSN is no DSN") && !refused.contains("hunter2"), "{refused}");
    }
    let shown = format!("{:?}", Wish::new(Some("https://hunter2@o1.ingest.sentry.io/42"), 9));
    assert!(shown.contains('9') && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn whatever_follows_bearer_is_gone(before in "[ -~]{0,20}", secret in "[a-z0-9]{12,20}", after in "[ -~]{0,20}") {
        let text = format!("{before} Bearer {secret} {after}");
        prop_assume!(!before.contains(&secret) && !after.contains(&secret));
        prop_assert!(!scrub(&text).contains(&secret), "{}", scrub(&text));
    }

    #[test]
    fn text_without_secrets_stays_as_it_is(text in "[a-d ,;:{}\"é]{0,60}") {
        prop_assert_eq!(scrub(&text), text);
    }
}
