//! Putting worlds in place when nothing goes wrong.

use fixtures::{Size, World};
use seeder::stores::zerodb::{Access, ZeroDb};
use serde_json::{Map, json};

use super::place::{Place, expected, item_count, row_ids, small, sum, tiny};
use super::state::Table;

#[tokio::test]
async fn all_that_search_finds_is_there_and_a_second_time_writes_nothing() {
    let place = Place::new().await;
    let planned = place.open().await.plan(small(1)).await.expect("a plan");
    assert_eq!(sum(&planned).created, 2 * item_count(small(1)));
    assert!(place.server.asked().iter().all(|asked| !asked.writes()), "planning writes");
    let lines = place.apply(small(1)).await.expect("it is put in place");
    assert_eq!(
        (sum(&lines).created, sum(&lines).total()),
        (2 * item_count(small(1)), 2 * item_count(small(1)))
    );
    assert!(sum(&lines).created <= ZeroDb::planned(&small(1)));
    place.holds_and_knows(small(1)).await;

    place.server.heal();
    let lines = place.apply(small(1)).await.expect("it is looked at");
    assert!(place.server.asked().iter().all(|asked| !asked.writes()), "{:?}", place.server.asked());
    assert_eq!((sum(&lines).changed(), sum(&lines).unchanged), (0, 2 * item_count(small(1))));
    let planned = place.open().await.plan(small(1)).await.expect("a plan");
    assert_eq!((sum(&planned).changed(), sum(&planned).unchanged), (0, 2 * item_count(small(1))));
}

#[tokio::test]
async fn another_world_replaces_what_differs_and_removes_what_it_has_not() {
    let place = Place::new().await;
    place.apply(small(1)).await.expect("it is put in place");
    let planned = place.open().await.plan(tiny(2)).await.expect("a plan");
    let lines = place.apply(tiny(2)).await.expect("it is put in place");
    place.holds_and_knows(tiny(2)).await;
    let tally = sum(&lines);
    assert_eq!(sum(&planned), tally);
    assert!(tally.updated > 0 && tally.deleted > 0, "{tally:?}");
    assert_eq!(tally.created + tally.updated + tally.unchanged, 2 * item_count(tiny(2)));
}

#[tokio::test]
async fn many_go_in_batches_and_only_a_few_calls_at_once() {
    let place = Place::new().await;
    let world =
        World::new(3, Size { members: 12, instructors: 6, events: 5, content: 700, ..Size::default() });
    place.apply(world).await.expect("it is put in place");
    place.holds_and_knows(world).await;
    let asked = place.server.asked();
    let batches = asked.iter().filter(|asked| asked.path.ends_with("/vectors/batch")).count();
    assert!((6..=9).contains(&batches), "{batches}");
    assert!((2..=8).contains(&place.server.busiest()), "{}", place.server.busiest());
}

#[tokio::test]
async fn what_is_of_others_stays_as_it_is() {
    let place = Place::new().await;
    let mut theirs = Table { dimension: 384, ..Table::default() };
    let row = Map::from_iter([
        ("title".to_owned(), json!("A real article")),
        ("seed_key".to_owned(), json!("theirs")),
    ]);
    theirs.rows.push(("row-theirs".to_owned(), row));
    theirs.vectors.insert("theirs".to_owned(), (vec![0.05; 384], json!({ "title": "A real article" })));
    place.server.change(|held| {
        held.tables.insert("articles".to_owned(), theirs.clone());
        held.tables.insert("search_queries".to_owned(), Table::default());
    });
    let before = place.server.held();
    place.apply(tiny(1)).await.expect("it is put in place");
    let held = place.server.held();
    assert_eq!(held.tables["articles"].rows[0], theirs.rows[0]);
    assert_eq!(row_ids(&held.tables["articles"]).len(), expected(tiny(1))["articles"].len() + 1);
    place.destroy().await.expect("ours goes");
    assert_eq!(place.server.held().tables, before.tables);
    assert!(place.ledger.lines().await.is_empty());
}

#[tokio::test]
async fn a_row_that_somebody_removed_is_made_again_when_it_changes() {
    let place = Place::new().await;
    place.apply(tiny(1)).await.expect("it is put in place");
    place.server.change(|held| {
        for table in held.tables.values_mut() {
            table.rows.pop();
        }
    });
    place.apply(tiny(2)).await.expect("it is put in place");
    // What did not change between the two is not looked at: the ledger vouches for it.
    let missing =
        item_count(tiny(2)) - place.server.held().tables.values().map(|t| t.rows.len() as u64).sum::<u64>();
    assert!(missing <= 1, "{missing}");
}

#[tokio::test]
async fn a_key_does_without_an_account() {
    let place = Place::new().await;
    let access = Access { account: None, ..place.access() };
    let mut zerodb = place.open_with(&access).await.expect("the key is good");
    zerodb.apply(tiny(1), &mut seeder::progress::Progress::Quiet).await.expect("it is put in place");
    place.holds_and_knows(tiny(1)).await;
    assert_eq!(place.server.logins(), 0);
}

#[tokio::test]
async fn answers_in_fewer_words_are_understood() {
    let place = Place::new().await;
    place.server.change(|held| held.terse = true);
    place.apply(tiny(1)).await.expect("it is put in place");
    place.ledger.tamper("UPDATE wwmaa_seed.objects SET remote_id = NULL WHERE kind LIKE 'row/%'").await;
    place.apply(tiny(1)).await.expect("what has lost its name is found");
    place.holds_and_knows(tiny(1)).await;
}
