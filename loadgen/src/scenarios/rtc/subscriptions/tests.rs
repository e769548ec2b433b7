use proptest::{collection::btree_set, prelude::*};

use super::*;

fn source(n: u32) -> Source {
    Source { session_id: format!("s{n}"), track_name: format!("audio-{n}") }
}

fn hearing(speakers: &[u32]) -> Heard {
    speakers.iter().enumerate().map(|(place, n)| (place.to_string(), source(*n))).collect()
}

fn offered(speakers: impl IntoIterator<Item = u32>) -> Vec<Source> {
    speakers.into_iter().map(source).collect()
}

#[test]
fn who_hears_nobody_takes_the_last_ones() {
    let changes = Changes::towards(&Heard::new(), &offered([9, 8, 7]), 2);
    assert_eq!(changes, Changes { add: offered([9, 8]), ..Changes::default() });
}

#[test]
fn who_hears_enough_does_not_change_for_a_newcomer() {
    assert_eq!(Changes::towards(&hearing(&[1, 2]), &offered([3, 2, 1]), 2), Changes::default());
}

#[test]
fn a_place_that_becomes_free_goes_to_somebody_not_heard_yet() {
    let changes = Changes::towards(&hearing(&[1, 2]), &offered([4, 3, 2]), 2);
    assert_eq!(changes, Changes { point: vec![("0".into(), source(4))], ..Changes::default() });
}

#[test]
fn a_place_nobody_can_take_is_closed() {
    let changes = Changes::towards(&hearing(&[1, 2]), &offered([2]), 2);
    assert_eq!(changes, Changes { close: vec!["0".into()], ..Changes::default() });
}

proptest! {
    /// Whatever changes, afterwards as many are heard as may be, each once, and all of them publish.
    #[test]
    fn as_many_as_may_be_are_heard(
        heard in btree_set(0_u32..12, 0..6),
        publishing in btree_set(0_u32..12, 0..12),
        most in 0_usize..6,
    ) {
        let heard: Vec<u32> = heard.into_iter().take(most).collect();
        let offered = offered(publishing.iter().rev().copied());
        let mut now = hearing(&heard);
        let changes = Changes::towards(&now, &offered, most);
        for (mid, source) in changes.point {
            now.insert(mid, source);
        }
        for mid in &changes.close {
            now.remove(mid);
        }
        for (place, source) in changes.add.into_iter().enumerate() {
            now.insert(format!("new {place}"), source);
        }
        let mut sources: Vec<&Source> = now.values().collect();
        sources.sort();
        sources.dedup();
        prop_assert_eq!(sources.len(), most.min(offered.len()));
        prop_assert_eq!(now.len(), sources.len());
        prop_assert!(sources.iter().all(|source| offered.contains(source)));
    }
}
