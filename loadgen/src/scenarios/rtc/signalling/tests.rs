use super::*;

#[test]
fn no_wait_is_longer_than_a_session_can_bear() {
    let waits = [None, Some(0), Some(30), Some(3_600)].map(asked_to_wait);
    assert_eq!(
        waits,
        [None, Some(Duration::ZERO), Some(Duration::from_secs(30)), Some(Duration::from_secs(30))]
    );
}
