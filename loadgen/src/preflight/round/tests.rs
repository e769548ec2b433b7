use contract::{
    Endpoint as _,
    events::CancelRsvp,
    rtc::{JoinSession, LeaveSession},
};

use super::*;

#[test]
fn there_is_time_to_give_back_what_was_taken_when_all_other_time_is_up() {
    let now = clock::now();
    let given_up = |route, over| until(catalogue::probe_of(route).expect("there is one"), now, over);
    for route in [LeaveSession::ROUTE, CancelRsvp::ROUTE] {
        assert_eq!(given_up(route, now), now + EACH, "{route}");
    }
    assert_eq!(given_up(JoinSession::ROUTE, now), now);
    assert_eq!(given_up(JoinSession::ROUTE, now + ALL), now + EACH);
}
