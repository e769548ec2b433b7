use contract::ws::CHATS_PER_MINUTE;

use super::*;

const AT: Duration = Duration::ZERO;

fn rules() -> Rules {
    Rules { id: "session".to_owned(), capacity: 2 }
}

fn say(roster: &mut Roster, at: Duration, user: &str, slip: Slip) -> (Outcome, Vec<Effect>) {
    let said = Said { content: "osu".to_owned(), sent_at: fixtures::epoch(), client_id: None };
    roster.apply(&rules(), at, Command::Say { user: user.to_owned(), said, slip })
}

fn join(roster: &mut Roster, at: Duration, user: &str) -> Outcome {
    let command = Command::Join {
        user: user.to_owned(),
        participant_id: user.to_owned(),
        access_token: format!("access of {user}"),
        ws_token: format!("socket of {user}"),
    };
    roster.apply(&rules(), at, command).0
}

fn open(roster: &mut Roster, user: &str, server: u64, number: u64) -> (Outcome, Vec<Effect>) {
    let connection = Connection { server, number };
    let (user, participant_id) = (user.to_owned(), user.to_owned());
    roster.apply(&rules(), AT, Command::Open { user, participant_id, connection })
}

#[test]
fn thirty_chats_are_allowed_in_any_minute_and_no_more() {
    let mut roster = Roster::default();
    let mut osu =
        |millis, user| say(&mut roster, Duration::from_millis(millis), user, Slip::default()).0.is_ok();
    // One every two seconds is thirty a minute, for as long as one likes.
    for n in 0..90 {
        assert!(osu(n * 2_000, "steady"), "chat {n}");
    }
    // Thirty at once are allowed too; the next has to wait until the minute is over.
    assert!((0..CHATS_PER_MINUTE).all(|_| osu(0, "eager")));
    assert!(!osu(0, "eager"));
    assert!(!osu(59_999, "eager"));
    // What was refused does not count.
    assert!((0..CHATS_PER_MINUTE).all(|_| osu(60_000, "eager")));
    assert!(!osu(60_000, "eager"));
}

/// The numbers of the chats that a socket is told.
fn heard(effects: &[Effect], socket: u64) -> Vec<u64> {
    let chats = effects.iter().filter_map(|effect| match effect {
        Effect::Tell { frame: ServerFrame::Chat { seq, .. }, except } => {
            except.is_none_or(|connection| connection.number != socket).then_some(*seq)
        }
        Effect::Repeat { frame: ServerFrame::Chat { seq, .. }, to } => (to.number == socket).then_some(*seq),
        _ => None,
    });
    chats.collect()
}

#[test]
fn all_defects_of_chat_may_be_planted_and_nothing_is_held_back_for_ever() {
    let mut roster = Roster::default();
    for (number, user) in [(1, "ann"), (2, "ben")] {
        join(&mut roster, AT, user).expect("there is room");
        open(&mut roster, user, 0, number).0.expect("it opens");
    }
    let all = Slip { loses: true, swaps: true, doubles: true };
    let effects: Vec<Effect> = (0..11).flat_map(|_| say(&mut roster, AT, "ann", all).1).collect();
    assert_eq!(heard(&effects, 1), [2, 1, 3, 4, 5, 6, 7, 8, 9, 10], "the eleventh waits for the twelfth");
    assert_eq!(
        heard(&effects, 2),
        [2, 1, 4, 5, 5, 6, 7, 8, 9, 10],
        "the third is lost, the fifth comes twice"
    );
    assert!(roster.holds_back());
    let (_, effects) = roster.apply(&rules(), AT, Command::LetGo);
    assert_eq!([1, 2].map(|socket| heard(&effects, socket)), [[11], [11]]);
}

#[test]
fn a_place_is_kept_for_two_minutes_of_absence() {
    let mut roster = Roster::default();
    assert_eq!(join(&mut roster, AT, "ann"), Ok(1));
    assert_eq!(join(&mut roster, AT, "ben"), Ok(2));
    open(&mut roster, "ben", 0, 1).0.expect("it opens");
    assert_eq!(
        join(&mut roster, KEPT_FOR.saturating_sub(Duration::from_millis(1)), "eve"),
        Err(Refusal::Full)
    );
    assert_eq!(join(&mut roster, KEPT_FOR, "eve"), Ok(2), "ann was away for too long, ben is here");
    assert!(!roster.has("ann", "ann") && roster.has("ben", "ben"));
}

/// Those who are said to have left.
fn left(effects: &[Effect]) -> Vec<&str> {
    let left = effects.iter().filter_map(|effect| match effect {
        Effect::Tell { frame: ServerFrame::ParticipantLeft { participant_id, .. }, .. } => {
            Some(participant_id.as_str())
        }
        _ => None,
    });
    left.collect()
}

#[test]
fn a_server_is_lost_once_whoever_says_so() {
    let mut roster = Roster::default();
    for (server, user) in [(1, "ann"), (2, "ben")] {
        join(&mut roster, AT, user).expect("there is room");
        open(&mut roster, user, server, 7).0.expect("it opens");
    }
    assert_eq!(roster.servers(), BTreeSet::from([1, 2]));
    let (_, effects) = roster.apply(&rules(), AT, Command::Lose { server: 1 });
    assert_eq!(left(&effects), ["ann"]);
    let (_, effects) = roster.apply(&rules(), AT, Command::Lose { server: 1 });
    assert!(effects.is_empty(), "{effects:?}");
    // The participation goes on, at the other server and by the same token.
    let (opened, _) = open(&mut roster, "ann", 2, 8);
    assert_eq!(opened, Ok(2));
}

#[test]
fn a_socket_that_was_replaced_ends_nobodys_stay() {
    let mut roster = Roster::default();
    join(&mut roster, AT, "ann").expect("there is room");
    let first = Connection { server: 1, number: 1 };
    open(&mut roster, "ann", 1, 1).0.expect("it opens");
    open(&mut roster, "ann", 2, 1).0.expect("it opens at the other server");
    for late in [
        Command::Close { user: "ann".to_owned(), connection: first },
        Command::LeaveFrom { user: "ann".to_owned(), connection: first },
    ] {
        let (_, effects) = roster.apply(&rules(), AT, late);
        assert!(effects.is_empty(), "{effects:?}");
    }
    assert!(roster.has("ann", "ann"));
}

#[test]
fn a_roster_that_was_written_and_read_is_the_same() {
    let mut roster = Roster::default();
    join(&mut roster, AT, "ann").expect("there is room");
    open(&mut roster, "ann", u64::MAX, 1).0.expect("it opens");
    say(&mut roster, AT, "ann", Slip { swaps: true, ..Slip::default() }).0.expect("it is said");
    let written = serde_json::to_string(&roster).expect("it serialises");
    let mut read: Roster = serde_json::from_str(&written).expect("it is read");
    let [next, same] = [&mut roster, &mut read].map(|roster| say(roster, AT, "ann", Slip::default()));
    assert_eq!(format!("{next:?}"), format!("{same:?}"));
}
