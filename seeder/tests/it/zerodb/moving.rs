//! Settings that lead to another project than the one the ledger is for.

use seeder::SeedError;
use seeder::error::Fault;
use seeder::progress::Progress;
use seeder::stores::objects::Place as Where;
use seeder::stores::zerodb::Access;

use super::place::{Place, fault, tiny};
use super::server::Server;

const OTHER: &str = "another-project";

/// How to reach a project of the same host.
fn access(place: &Place, other: &Server) -> Access {
    Access { base_url: other.url.clone(), project: OTHER.to_owned(), ..place.access() }
}

#[track_caller]
fn is_refused(error: &SeedError) {
    assert_eq!((fault(error), error.exit_code()), (Fault::Collision, 3));
    let told = error.to_string();
    for part in [
        "ZeroDB",
        "at `127.0.0.1/6a1d4e52-launch-staging`",
        "to `127.0.0.1/another-project`",
        "Destroy them there first, with the old settings",
        "Nothing was written",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn another_project_is_not_even_asked_while_the_ledger_holds_objects_of_the_first() {
    let (place, other) = (Place::new().await, Server::of(OTHER).await);
    place.apply(tiny(1)).await.expect("it is put in place");
    let (lines, held) = (place.ledger.lines().await, place.server.held());
    is_refused(&place.open_with(&access(&place, &other)).await.expect_err("it is for another"));
    assert!(other.asked().is_empty());
    assert_eq!((place.ledger.lines().await, place.server.held()), (lines, held));

    place.destroy().await.expect("it goes there");
    let mut zerodb = place.open_with(&access(&place, &other)).await.expect("nothing is left there");
    zerodb.apply(tiny(1), &mut Progress::Quiet).await.expect("it is put in place");
    assert_eq!(other.held().tables.len(), 4);
    is_refused_back(&place).await;
}

async fn is_refused_back(place: &Place) {
    let told = place.open_with(&place.access()).await.expect_err("it is for the other now").to_string();
    assert!(told.contains("at `127.0.0.1/another-project`"), "{told}");
}

#[tokio::test]
async fn one_opened_before_the_ledger_was_filled_for_another_touches_nothing() {
    let (place, other) = (Place::new().await, Server::of(OTHER).await);
    let mut late = place.open_with(&access(&place, &other)).await.expect("the ledger is empty");
    place.apply(tiny(1)).await.expect("it is put in place");
    // Rows there have the ids the ledger knows, and are others'.
    other.change(|held| *held = place.server.held());
    other.heal();
    let lines = place.ledger.lines().await;
    is_refused(&late.plan(tiny(1)).await.expect_err("a plan"));
    is_refused(&late.verify(tiny(1)).await.expect_err("a look"));
    is_refused(&late.apply(tiny(2), &mut Progress::Quiet).await.expect_err("putting in place"));
    is_refused(&late.destroy(&mut Progress::Quiet).await.expect_err("removing"));
    assert!(other.asked().is_empty());
    assert_eq!(other.held(), place.server.held());
    assert_eq!(place.ledger.lines().await, lines);
}

#[tokio::test]
async fn the_place_comes_with_the_first_object_and_goes_with_the_last() {
    let place = Place::new().await;
    place.open().await.plan(tiny(1)).await.expect("a plan");
    place.verify(tiny(1)).await;
    assert_eq!(place.ledger.place().await, None);
    place.apply(tiny(1)).await.expect("it is put in place");
    let recorded = place.ledger.place().await.expect("it is recorded");
    assert_eq!(recorded.0, "127.0.0.1/6a1d4e52-launch-staging");
    place.apply(tiny(1)).await.expect("nothing is left to do");
    assert_eq!(place.ledger.place().await, Some(recorded));
    place.destroy().await.expect("it goes");
    assert_eq!(place.ledger.place().await, None);
}

#[tokio::test]
async fn a_place_of_which_nothing_is_left_is_replaced_and_no_other() {
    let place = Place::new().await;
    place.ledger.tamper("INSERT INTO wwmaa_seed.places VALUES ('zerodb', 'api.example/gone')").await;
    let of = |account: &str| Where {
        store: "ZeroDB",
        host: "127.0.0.1".to_owned(),
        account: Some(account.to_owned()),
    };
    let one = [("content/1/a".to_owned(), "digest".to_owned())];
    let (mut first, mut second) = (place.ledger.objects().await, place.ledger.objects().await);
    first.locate(of("first")).await.expect("nothing is left of the old place");
    second.locate(of("second")).await.expect("nor of any other");
    first.intend("row/articles", &one).await.expect("it is the first");
    assert_eq!(place.ledger.place().await.expect("a place").0, "127.0.0.1/first");
    let error = second.intend("row/events", &one).await.expect_err("it is the second");
    assert_eq!(fault(&error), Fault::Collision);
    assert_eq!(place.ledger.lines().await.len(), 1);
}

#[tokio::test]
async fn a_ledger_that_was_not_told_where_it_is_for_takes_nothing() {
    let place = Place::new().await;
    let one = [("content/1/a".to_owned(), "digest".to_owned())];
    place.ledger.objects().await.intend("row/articles", &one).await.expect_err("no place");
    assert!(place.ledger.lines().await.is_empty());
}
