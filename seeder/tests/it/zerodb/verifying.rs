//! Looking whether a world is there.

use seeder::check::{Check, Verdict};
use serde_json::json;

use super::place::{Place, small, tiny};

fn failing(checks: &[Check]) -> Vec<&Check> {
    checks.iter().filter(|check| check.verdict == Verdict::Fails).collect()
}

#[tokio::test]
async fn a_world_that_is_there_is_found_there() {
    let place = Place::new().await;
    place.apply(small(1)).await.expect("it is put in place");
    let checks = place.verify(small(1)).await;
    assert!(checks.iter().all(|check| check.verdict == Verdict::Holds), "{checks:#?}");
    assert_eq!(checks.len(), 9);
    assert!(place.server.asked().iter().filter(|asked| asked.path.ends_with("/vector-search")).count() > 20);
}

#[tokio::test]
async fn a_world_that_is_not_there_is_missed() {
    let place = Place::new().await;
    let checks = place.verify(small(1)).await;
    assert_eq!(failing(&checks).len(), checks.len(), "{checks:#?}");
}

#[tokio::test]
async fn a_missing_a_doubled_and_a_changed_document_are_told_apart() {
    let place = Place::new().await;
    place.apply(small(1)).await.expect("it is put in place");
    place.server.change(|held| {
        let articles = held.tables.get_mut("articles").expect("it was made");
        articles.rows.pop();
        let double = ("row-double".to_owned(), articles.rows[0].1.clone());
        articles.rows.push(double);
        articles.rows[1].1.insert("title".to_owned(), json!("Defaced"));
        articles.rows[2].1.insert("added_by_the_store".to_owned(), json!(1));
    });
    let checks = place.verify(small(1)).await;
    let [articles] = failing(&checks)[..] else { panic!("{checks:#?}") };
    assert!(articles.name.starts_with("articles"));
    assert!(
        articles.found.contains("1 missing, 1 twice, 1 different, 0 of another world"),
        "{}",
        articles.found
    );
}

#[tokio::test]
async fn rows_of_another_world_are_told() {
    let place = Place::new().await;
    place.apply(small(1)).await.expect("it is put in place");
    let checks = place.verify(tiny(1)).await;
    assert!(failing(&checks).iter().any(|check| !check.found.contains(" 0 of another world")), "{checks:#?}");
}

#[tokio::test]
async fn lost_vectors_are_missed() {
    let place = Place::new().await;
    place.apply(small(1)).await.expect("it is put in place");
    place.server.change(|held| {
        for table in held.tables.values_mut() {
            table.vectors.clear();
        }
    });
    let checks = place.verify(small(1)).await;
    assert_eq!(failing(&checks).len(), 5, "{checks:#?}");
}
