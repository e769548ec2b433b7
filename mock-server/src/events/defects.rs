//! What the defects planted among seats do to somebody who asks for one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::book::{Book, Slip, Turn};
use crate::defects::Defect;
use crate::mock::Mock;

/// From counting the seats to taking one, with `oversell-race`: as long as charging a card takes.
const CHECK_TO_ACT: Duration = Duration::from_millis(100);
/// How long a count of seats is believed with `stale-capacity`.
const BELIEVED_FOR: TimeDelta = TimeDelta::seconds(3);

/// What is not looked at when a seat of this event is asked for. With a race planted this takes a while, during
/// which nothing is locked: whoever asks meanwhile finds the same seat free.
pub(super) async fn slip(mock: &Mock, event_id: &str) -> Slip {
    let defects = &mock.settings.defects;
    let mut slip = Slip { is_full: None, second_seat: defects.has(Defect::DoubleBooking) };
    let Some(shelf) = mock.events.catalogue.get(event_id) else { return slip };
    if defects.has(Defect::StaleCapacity) {
        let now = mock.clock.now();
        slip.is_full = Some(shelf.at_desk(|desk| desk.counted.is_full(&desk.book, now)));
    }
    if defects.has(Defect::OversellRace) {
        slip.is_full = Some(shelf.at_desk(|desk| desk.book.is_full()));
        tokio::time::sleep(CHECK_TO_ACT).await;
    }
    slip
}

/// Whose turn it is when a seat gets free.
pub(super) fn turn(mock: &Mock) -> Turn {
    if mock.settings.defects.has(Defect::WaitlistNotFifo) { Turn::Tail } else { Turn::Head }
}

/// Whether an event was full when somebody last counted.
#[derive(Debug, Default)]
pub(crate) struct Counted(Option<(DateTime<Utc>, bool)>);

impl Counted {
    /// What was found last, if that is recent; else what is found now.
    fn is_full(&mut self, book: &Book, now: DateTime<Utc>) -> bool {
        match self.0 {
            Some((at, was_full)) if now - at < BELIEVED_FOR => was_full,
            _ => self.0.insert((now, book.is_full())).1,
        }
    }
}
