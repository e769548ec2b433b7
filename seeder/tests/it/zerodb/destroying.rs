//! Removing what is ours.

use seeder::error::Fault;

use super::place::{Place, fault, item_count, small, sum, tiny};
use super::server;

#[tokio::test]
async fn everything_of_ours_goes_and_nothing_is_left_to_remove() {
    let place = Place::new().await;
    place.apply(small(1)).await.expect("it is put in place");
    let lines = place.destroy().await.expect("it goes");
    assert_eq!(sum(&lines).deleted, 2 * item_count(small(1)));
    assert!(place.server.held().tables.is_empty());
    assert!(place.ledger.lines().await.is_empty());
    let lines = place.destroy().await.expect("nothing is there");
    assert_eq!(sum(&lines).deleted, 0);
}

#[tokio::test]
async fn what_is_gone_already_is_gone() {
    let place = Place::new().await;
    place.apply(tiny(1)).await.expect("it is put in place");
    place.server.change(|held| held.tables.clear());
    assert_eq!(sum(&place.destroy().await.expect("nothing is left")).deleted, 0);
    assert!(place.ledger.lines().await.is_empty());
}

#[tokio::test]
async fn a_collection_that_others_use_by_now_stays() {
    let place = Place::new().await;
    place.apply(tiny(1)).await.expect("it is put in place");
    place.server.change(|held| {
        let events = held.tables.get_mut("events").expect("it was made");
        events.vectors.insert("theirs".to_owned(), (vec![0.05; 384], serde_json::Value::Null));
    });
    place.destroy().await.expect("ours goes");
    let tables = place.server.held().tables;
    assert_eq!(tables.keys().collect::<Vec<_>>(), ["events"]);
    assert_eq!(tables["events"].vectors.len(), 1);
    assert!(place.ledger.lines().await.is_empty());
}

#[tokio::test]
async fn a_store_that_says_gone_and_keeps_it_is_found_out() {
    let place = Place::new().await;
    place.apply(tiny(1)).await.expect("it is put in place");
    let keeps =
        |asked: &server::Asked| asked.method == axum::http::Method::DELETE && asked.path.contains("row-0");
    place.server.faults(move |_, asked| keeps(asked).then_some(server::Fault::Status(404)));
    let error = place.destroy().await.expect_err("they are there still");
    assert_eq!(fault(&error), Fault::Broken);
    assert!(error.to_string().contains("there still after all were removed"), "{error}");
    // Nothing was forgotten: a store that behaves gets rid of it.
    place.server.heal();
    place.destroy().await.expect("it goes");
    assert!(place.server.held().tables.is_empty());
}

#[tokio::test]
async fn rows_go_where_they_are_put_when_documents_cannot_be_deleted() {
    let place = Place::new().await;
    place.apply(tiny(1)).await.expect("it is put in place");
    place.server.faults(|_, asked| asked.path.contains("/documents/").then_some(server::Fault::Status(405)));
    // This server knows no DELETE there either, and says so.
    let error = place.destroy().await.expect_err("they cannot be removed");
    assert!(
        error.to_string().contains("405") && error.to_string().contains("the ledger still holds"),
        "{error}"
    );
    place.server.change(|held| held.deletes_rows = true);
    place.destroy().await.expect("they go that way");
    assert!(place.server.held().tables.is_empty());
}
