//! What is still to be done, and until when.

use engine::clock;

use super::*;
use crate::preset::{Preset, Sizing};

/// Participant 0 of a session of this preset, who was due at `due`: the agenda, and when they go.
fn agenda(preset: Preset, due: Instant) -> (Agenda, Instant) {
    let times = Timetable::new(&Sizing::new("rtc-load", preset, 1.0));
    let leaves_at = due + times.staying();
    (Agenda::new(&times, 0, due, leaves_at), leaves_at)
}

#[test]
fn whoever_comes_late_says_nothing_that_was_to_be_said_before() {
    let due = clock::now();
    let (mut agenda, leaves_at) = agenda(Preset::Full, due);
    let comes = due + Duration::from_secs(100);
    agenda.skip_to(comes);
    assert!(agenda.next() >= comes && agenda.next() < leaves_at);
    agenda.skip_to(leaves_at);
    assert_eq!(agenda.next(), leaves_at, "nothing is left but to go");
}

#[test]
fn a_ping_is_to_be_answered_in_time() {
    let due = clock::now();
    let (mut agenda, leaves_at) = agenda(Preset::Full, due);
    assert!(!agenda.is_unanswered(leaves_at), "nothing was asked");
    agenda.skip_to(leaves_at);
    agenda.pinged(due);
    assert_eq!(agenda.next(), due + PONG_WITHIN, "the answer is awaited until then");
    let soon = due + PONG_WITHIN - Duration::from_nanos(1);
    assert!(!agenda.is_unanswered(soon) && agenda.is_unanswered(due + PONG_WITHIN));
    agenda.pinged(soon);
    assert!(agenda.is_unanswered(due + PONG_WITHIN), "asking again is no answer");
    agenda.ponged();
    assert!(!agenda.is_unanswered(leaves_at));
    assert_eq!(agenda.next(), leaves_at);
}

#[test]
fn what_a_lost_socket_was_asked_is_not_expected_of_the_next_one() {
    let due = clock::now();
    let (mut agenda, leaves_at) = agenda(Preset::Full, due);
    agenda.pinged(due);
    agenda.skip_to(leaves_at);
    assert!(!agenda.is_unanswered(leaves_at));
}
