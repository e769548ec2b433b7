//! Whether and when a call is sent again: exponential backoff with full jitter, and what the server says of it.
//!
//! Stripe documents `Stripe-Should-Retry` as the last word where it is given; `Retry-After` comes with 429. A key or
//! right that is missing is never asked about twice.

use std::time::Duration;

use super::answer::{Failure, Refusal};
use super::pace::Manners;

/// How long to wait before the next try, after `tries` failed; none if there shall be none. `luck` is uniform in 0..1.
pub(super) fn wait(failure: &Failure, tries: u32, luck: f64, manners: &Manners) -> Option<Duration> {
    if tries >= manners.tries || !is_worth_it(failure) {
        return None;
    }
    let bound = manners.first_wait.saturating_mul(2_u32.saturating_pow(tries - 1)).min(manners.longest_wait);
    let asked = match failure {
        Failure::Refused(refusal) => refusal.retry_after.unwrap_or_default().min(manners.longest_wait),
        _ => Duration::ZERO,
    };
    // What the server asks for is the least; the jitter on top keeps all of us from returning at the same moment.
    Some(asked + bound.mul_f64(luck))
}

fn is_worth_it(failure: &Failure) -> bool {
    match failure {
        Failure::Refused(Refusal { status, should_retry, .. }) => {
            let is_final = matches!(status, 401 | 403) || failure.is_of_a_spent_key();
            !is_final && should_retry.unwrap_or(matches!(status, 409 | 429 | 500..))
        }
        Failure::Silent(_) | Failure::Unreachable(_) | Failure::Cut(_) => true,
        Failure::Unreadable(_) | Failure::Live(_) | Failure::Foreign(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Refusal {
        Refusal {
            status,
            kind: None,
            code: None,
            message: "no".to_owned(),
            request_id: None,
            retry_after: None,
            should_retry: None,
            is_replayed: false,
            tries: 1,
        }
    }

    fn after(refusal: Refusal, tries: u32, luck: f64) -> Option<Duration> {
        wait(&Failure::Refused(refusal), tries, luck, &Manners::default())
    }

    #[test]
    fn waits_double_up_to_a_bound_and_end() {
        let waits: Vec<_> = (1..=6).map(|tries| after(refused(500), tries, 1.0)).collect();
        let seconds = |s: f64| Some(Duration::from_secs_f64(s));
        assert_eq!(waits, [seconds(0.5), seconds(1.0), seconds(2.0), seconds(4.0), seconds(8.0), None]);
        assert_eq!(after(refused(500), 3, 0.0), Some(Duration::ZERO));
        let patient = Manners { tries: 40, ..Manners::default() };
        assert_eq!(wait(&Failure::Refused(refused(500)), 39, 1.0, &patient), Some(patient.longest_wait));
    }

    #[test]
    fn what_the_server_asks_for_is_the_least() {
        let asked = Refusal { retry_after: Some(Duration::from_secs(7)), ..refused(429) };
        assert_eq!(after(asked, 1, 0.5), Some(Duration::from_millis(7250)));
    }

    #[test]
    fn the_servers_word_on_trying_again_is_the_last() {
        assert_eq!(after(Refusal { should_retry: Some(false), ..refused(500) }, 1, 1.0), None);
        assert!(after(Refusal { should_retry: Some(true), ..refused(400) }, 1, 1.0).is_some());
    }

    #[test]
    fn a_wrong_key_is_not_tried_twice() {
        for status in [400, 401, 402, 403, 404] {
            assert_eq!(after(refused(status), 1, 1.0), None, "{status}");
        }
        assert_eq!(after(Refusal { should_retry: Some(true), ..refused(401) }, 1, 1.0), None);
    }

    #[test]
    fn a_fault_from_memory_is_not_waited_for() {
        assert_eq!(after(Refusal { is_replayed: true, ..refused(500) }, 1, 1.0), None);
    }

    #[test]
    fn a_cut_connection_is_tried_again() {
        let cut = Failure::Cut("reset".to_owned());
        assert!(wait(&cut, 1, 1.0, &Manners::default()).is_some());
    }
}
