use std::time::Duration;

use proptest::prelude::*;

use super::super::entry::Content;
use super::*;
use crate::live::room::{Command, Roster};

fn at(life: &str, n: u64) -> Position {
    Position { life: life.to_owned(), n }
}

fn entry(life: &str, n: u64) -> Entry {
    let content = Content { server: 0, call: n, command: Command::Nothing };
    Entry { position: at(life, n), at: Duration::ZERO, content }
}

fn snapshot(position: Position, continues: Option<Position>) -> Option<Snapshot> {
    Some(Snapshot { position, continues, roster: Roster::default() })
}

/// A feed that has followed this life up to entry `n`.
fn following(life: &str, n: u64) -> Feed {
    Feed { at: at(life, n), early: BTreeMap::new() }
}

fn numbers(due: &Due) -> Vec<u64> {
    due.entries.iter().map(|entry| entry.position.n).collect()
}

proptest! {
    /// Whatever a subscription loses, repeats or mixes up, and however often the log is read in between: every entry is
    /// delivered once, in order, and none before all that are older.
    #[test]
    fn every_entry_comes_once_and_in_order(
        published in prop::collection::vec((1_u64..60, any::<bool>()), 0..200),
    ) {
        let mut feed = following("life", 0);
        let (mut written, mut delivered) = (0, Vec::new());
        for (n, reads) in published {
            written = written.max(n);
            let due = feed.take(entry("life", n));
            delivered.extend(numbers(&due));
            prop_assert_eq!(due.behind, feed.position().n < *feed.early.keys().max().unwrap_or(&0));
            if reads {
                let entries = (feed.position().n + 1..=written).map(|n| entry("life", n)).collect();
                let due = feed.catch_up(Reading { life: "life".to_owned(), snapshot: None, entries });
                prop_assert!(due.replaced.is_none() && !due.behind);
                delivered.extend(numbers(&due));
                prop_assert_eq!(feed.position().n, written);
            }
        }
        let expected: Vec<u64> = (1..=feed.position().n).collect();
        prop_assert_eq!(delivered, expected);
    }
}

#[test]
fn what_is_not_kept_any_more_is_in_the_snapshot() {
    let mut feed = following("life", 3);
    let entries = (8..=12).map(|n| entry("life", n)).collect();
    let reading = Reading { life: "life".to_owned(), snapshot: snapshot(at("life", 9), None), entries };
    let due = feed.catch_up(reading);
    assert_eq!(due.replaced.as_ref().map(|snapshot| snapshot.position.n), Some(9));
    assert_eq!(numbers(&due), [10, 11, 12]);
    assert!(!due.behind);
}

#[test]
fn a_log_that_was_lost_goes_on_for_who_knew_its_end() {
    let founding = || snapshot(at("second", 5), Some(at("first", 5)));
    let reading =
        || Reading { life: "second".to_owned(), snapshot: founding(), entries: vec![entry("second", 6)] };
    let mut knew_it = following("first", 5);
    assert!(knew_it.take(entry("second", 6)).behind, "another life has to be read about first");
    let due = knew_it.catch_up(reading());
    assert!(due.replaced.is_none());
    assert_eq!(numbers(&due), [6]);
    // An entry more, or one less, was seen by this one: it takes over what the other knew.
    for n in [4, 6] {
        let due = following("first", n).catch_up(reading());
        assert_eq!(due.replaced.as_ref().map(|snapshot| snapshot.position.clone()), Some(at("second", 5)));
        assert_eq!(numbers(&due), [6]);
    }
}

#[test]
fn a_new_server_begins_where_the_log_does() {
    let entries = vec![entry("life", 1), entry("life", 2)];
    let founding = snapshot(at("life", 0), Some(Position::default()));
    let due = Feed::default().catch_up(Reading { life: "life".to_owned(), snapshot: founding, entries });
    assert!(due.replaced.is_none());
    assert_eq!(numbers(&due), [1, 2]);
}
