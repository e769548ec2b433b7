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
