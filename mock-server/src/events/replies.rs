//! First answers by `Idempotency-Key`: whoever sends a request again with the same key gets the first answer
//! again, and nothing happens twice. As Stripe does it: an answer is kept for 24 h, refusals too, and a key that
//! comes with another request is refused.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use contract::ApiError;
use contract::events::{RsvpInput, RsvpOutput};

/// Answers kept per event; the oldest go first.
const ENTRIES: usize = 10_000;
/// Hours an answer is kept.
const HOURS: i64 = 24;

#[derive(Debug)]
struct Kept {
    asked: RsvpInput,
    answer: Result<RsvpOutput, ApiError>,
    expires: DateTime<Utc>,
}

/// What is known about a key.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Nothing: go on, and keep the answer.
    New,
    /// It came with the same request: this was the answer.
    Again(Result<RsvpOutput, ApiError>),
    /// It came with another request.
    Reused,
}

/// The answers of one event.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    kept: HashMap<String, Kept>,
    /// Soonest to expire first; every answer lives as long.
    expiries: VecDeque<(DateTime<Utc>, String)>,
}

impl Replies {
    /// What is known about a key that comes with this request.
    pub(crate) fn look_up(&mut self, key: &str, asked: &RsvpInput, now: DateTime<Utc>) -> Seen {
        match self.kept.get(key).filter(|kept| now < kept.expires) {
            None => Seen::New,
            Some(kept) if kept.asked == *asked => Seen::Again(kept.answer.clone()),
            Some(_) => Seen::Reused,
        }
    }

    /// Keeps an answer.
    pub(crate) fn keep(
        &mut self,
        key: &str,
        asked: RsvpInput,
        answer: Result<RsvpOutput, ApiError>,
        now: DateTime<Utc>,
    ) {
        while let Some((end, _)) = self.expiries.front() {
            if *end > now && self.expiries.len() < ENTRIES {
                break;
            }
            let Some((_, gone)) = self.expiries.pop_front() else { break };
            self.kept.remove(&gone);
        }
        let expires = now + TimeDelta::hours(HOURS);
        self.expiries.push_back((expires, key.to_owned()));
        self.kept.insert(key.to_owned(), Kept { asked, answer, expires });
    }
}

#[cfg(test)]
mod tests {
    use contract::events::Participant;

    use super::*;

    fn asked(first_name: &str) -> RsvpInput {
        let participant = Participant {
            email: "ana@example.com".to_owned(),
            first_name: first_name.to_owned(),
            last_name: "Lee".to_owned(),
            phone: None,
        };
        RsvpInput { event_id: None, participant, payment: None }
    }

    fn full() -> Result<RsvpOutput, ApiError> {
        Err(ApiError::bad_request("full"))
    }

    #[test]
    fn a_key_brings_the_first_answer_back_for_a_day() {
        let mut replies = Replies::default();
        let now = fixtures::epoch();
        assert!(matches!(replies.look_up("k", &asked("Ana"), now), Seen::New));
        replies.keep("k", asked("Ana"), full(), now);
        let late = now + TimeDelta::hours(24);
        let early = late - TimeDelta::nanoseconds(1);
        assert!(
            matches!(replies.look_up("k", &asked("Ana"), early), Seen::Again(Err(error)) if error.status == 400)
        );
        assert!(matches!(replies.look_up("k", &asked("Ben"), early), Seen::Reused));
        assert!(matches!(replies.look_up("k", &asked("Ana"), late), Seen::New));
    }

    #[test]
    fn answers_are_bounded_and_the_oldest_go_first() {
        let mut replies = Replies::default();
        let now = fixtures::epoch();
        for n in 0..=ENTRIES {
            replies.keep(&n.to_string(), asked("Ana"), full(), now);
        }
        assert_eq!((replies.kept.len(), replies.expiries.len()), (ENTRIES, ENTRIES));
        assert!(matches!(replies.look_up("0", &asked("Ana"), now), Seen::New));
        assert!(matches!(replies.look_up("1", &asked("Ana"), now), Seen::Again(_)));
        replies.keep("x", asked("Ana"), full(), now + TimeDelta::days(2));
        assert_eq!((replies.kept.len(), replies.expiries.len()), (1, 1));
    }
}
