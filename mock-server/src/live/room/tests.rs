use super::*;

fn osu(room: &Room, now: Instant, user: &str) -> bool {
    let said = Said { content: "osu".to_owned(), sent_at: fixtures::epoch(), client_id: None };
    room.chat(now, user, said).is_ok()
}

#[test]
fn thirty_chats_are_allowed_in_any_minute_and_no_more() {
    let room = Room::new("session", 100);
    let start = crate::clock::now();
    let at = |millis| start + Duration::from_millis(millis);
    // One every two seconds is thirty a minute, for as long as one likes.
    for n in 0..90 {
        assert!(osu(&room, at(n * 2_000), "steady"), "chat {n}");
    }
    // Thirty at once are allowed too; the next has to wait until the minute is over.
    assert!((0..CHATS_PER_MINUTE).all(|_| osu(&room, at(0), "eager")));
    assert!(!osu(&room, at(0), "eager"));
    assert!(!osu(&room, at(59_999), "eager"));
    // What was refused does not count.
    assert!((0..CHATS_PER_MINUTE).all(|_| osu(&room, at(60_000), "eager")));
    assert!(!osu(&room, at(60_000), "eager"));
}

/// The numbers of the chats that wait in a socket's queue.
fn heard(seat: &mut Attached) -> Vec<u64> {
    std::iter::from_fn(|| seat.inbox.try_recv().ok()).filter_map(|outgoing| outgoing.seq).collect()
}

#[test]
fn all_defects_of_chat_may_be_planted_and_nothing_is_held_back_for_ever() {
    let room = Room::new("session", 100);
    let now = crate::clock::now();
    let mut seats = ["ann", "ben"].map(|user| {
        room.join(now, user, user).expect("there is room");
        room.attach(now, user).expect("a seat")
    });
    let all = Slip { loses: true, swaps: true, doubles: true };
    let say = || {
        let said = Said { content: "osu".to_owned(), sent_at: fixtures::epoch(), client_id: None };
        room.chat_with(all, now, "ann", said).expect("it may be said");
    };
    (0..11).for_each(|_| say());
    assert_eq!(heard(&mut seats[0]), [2, 1, 3, 4, 5, 6, 7, 8, 9, 10], "the eleventh waits for the twelfth");
    assert_eq!(
        heard(&mut seats[1]),
        [2, 1, 4, 5, 5, 6, 7, 8, 9, 10],
        "the third is lost, the fifth comes twice"
    );
    room.let_go(now);
    assert_eq!(seats.map(|mut seat| heard(&mut seat)), [[11], [11]]);
}
