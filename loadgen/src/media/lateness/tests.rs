use super::*;

#[test]
fn what_was_not_sent_at_all_is_worse_than_late() {
    for (sent, skipped, refused) in [(0, 0, 0), (990, 10, 0), (1_000, 0, 10), (995, 5, 5)] {
        assert_eq!(unsent(sent, skipped, refused), None, "{sent}, {skipped}, {refused}");
    }
    for (sent, skipped, refused) in [(0, 1, 0), (989, 11, 0), (1_000, 0, 11), (995, 5, 6)] {
        assert!(unsent(sent, skipped, refused).is_some(), "{sent}, {skipped}, {refused}");
    }
    let why = unsent(9_000, 1_000, 3).expect("a tenth");
    assert!(why.contains("1 000 slots skipped and 3 datagrams not taken by the system, of 10 000"), "{why}");
}
