use engine::clock;
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn told(seconds: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(seconds))])
}

#[test]
fn the_fifty_first_call_of_a_second_waits_for_the_first_to_be_a_second_old() {
    let (mut pace, now) = (Pace::default(), clock::now());
    for _ in 0..50 {
        assert_eq!(pace.next(now), now);
    }
    assert_eq!(pace.next(now), now + Duration::from_secs(1));
}

#[test]
fn a_retry_after_holds_the_next_call_and_no_other_refusal_does() {
    let (mut pace, now) = (Pace::default(), clock::now());
    assert!(!pace.told_to_wait(now, StatusCode::SERVICE_UNAVAILABLE, &told("2")));
    assert!(!pace.told_to_wait(now, StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()));
    assert!(!pace.told_to_wait(now, StatusCode::TOO_MANY_REQUESTS, &told("Fri, 31 Dec 1999 23:59:59 GMT")));
    assert_eq!(pace.next(now), now);
    assert!(pace.told_to_wait(now, StatusCode::TOO_MANY_REQUESTS, &told("2")));
    assert_eq!(pace.next(now), now + Duration::from_secs(2));
    assert!(!pace.told_to_wait(now, StatusCode::TOO_MANY_REQUESTS, &told("3600")), "nobody waits an hour");
}

proptest! {
    #[test]
    fn no_second_ever_has_more_than_fifty_calls(apart_ms in prop::collection::vec(0_u64..60, 1..300)) {
        let (mut pace, start) = (Pace::default(), clock::now());
        let mut now = start;
        let sent: Vec<Instant> = apart_ms.iter().map(|ms| {
            // Whoever waited for a call asks for the next after it.
            now = pace.next(now + Duration::from_millis(*ms));
            now
        }).collect();
        for (place, from) in sent.iter().enumerate() {
            let within = sent[place..].iter().take_while(|at| **at < *from + Duration::from_secs(1)).count();
            prop_assert!(within <= 50, "{within} calls within a second");
        }
    }
}
