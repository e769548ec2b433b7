//! Worlds that outlive the process.

use std::path::Path;

use fixtures::{Size, World};
use serde_json::{Value, json};

use crate::rig::{Rig, small_world};

async fn keeping(dir: &Path, world: Option<World>) -> Rig {
    Rig::with(|config| {
        config.data_dir = Some(dir.to_owned());
        config.world = world;
    })
    .await
}

async fn book(rig: &Rig, n: u32) -> u16 {
    let path = format!("/api/events/{}/rsvp", contract::events::LOAD_EVENT);
    let body = json!({ "participant": { "email": format!("loadtest+t_{n}@wwmaa.com"), "first_name": "A", "last_name": "B" } });
    rig.sends("POST", &path, Some(body), None).await.0.as_u16()
}

async fn digests_in(rig: &Rig, world: &str) -> Value {
    let request = rig.admin("GET", "/__admin/digests").header("x-mock-world", world);
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn what_was_booked_is_there_after_the_next_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut rig = keeping(dir.path(), Some(small_world())).await;
    let other =
        World::new(7, Size { members: 60, instructors: 20, events: 20, content: 50, ..Size::scaled(1) });
    let lines: String = other.records().map(|record| fixtures::ndjson::line(&record) + "\n").collect();
    let sent = rig.admin("POST", "/__admin/dataset").header("x-mock-world", "other").body(lines).send().await;
    assert_eq!(sent.expect("an answer").status(), 200);
    for n in 1..=30 {
        assert!(matches!(book(&rig, n).await, 200 | 201 | 409));
    }
    let before = (digests_in(&rig, "default").await, digests_in(&rig, "other").await);
    assert_ne!(before.0["digests"]["rsvp"], json!(small_world().digests()["rsvp"]), "somebody booked");
    rig.end();
    rig.ended().await;

    // Two generations: what is brought back is kept again, and the files of the first are gone.
    for _ in 0..2 {
        let mut again = keeping(dir.path(), None).await;
        assert_eq!((digests_in(&again, "default").await, digests_in(&again, "other").await), before);
        assert!(again.audit_holds().await);
        again.end();
        again.ended().await;
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("a directory").count(),
        4,
        "a list, two worlds and a lock"
    );
}

#[tokio::test]
async fn a_snapshot_can_be_asked_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let rig = keeping(dir.path(), Some(small_world())).await;
    book(&rig, 1).await;
    let answer = rig.admin("POST", "/__admin/snapshot").send().await.expect("an answer");
    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({ "worlds": 1 }));
    // As after a crash: what lies there is what was asked for. The one that runs goes on keeping its own.
    let copy = tempfile::tempdir().expect("a directory");
    for file in ["worlds.json", "default.1.ndjson"] {
        std::fs::copy(dir.path().join(file), copy.path().join(file)).expect("copied");
    }
    let again = keeping(copy.path(), None).await;
    assert_eq!(again.digests().await, rig.digests().await);
    let without = Rig::start().await;
    let refused = without.admin("POST", "/__admin/snapshot").send().await.expect("an answer");
    assert_eq!(refused.status(), 409);
}

/// Starts a mock on what lies in `dir` and says why it refuses.
async fn refusal(dir: &Path) -> String {
    let mut rig = keeping(dir, None).await;
    rig.outcome().await.expect_err("it refuses").to_string()
}

#[tokio::test]
async fn two_mocks_do_not_keep_their_worlds_in_one_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut first = keeping(dir.path(), Some(small_world())).await;
    first.get("/health").send().await.expect("an answer");
    let taken = refusal(dir.path()).await;
    assert!(taken.starts_with(&dir.path().display().to_string()), "{taken}");
    assert!(taken.contains("another mock keeps its worlds here"), "{taken}");
    first.end();
    first.ended().await;
    let second = keeping(dir.path(), None).await;
    assert_eq!(second.digests().await["digests"], json!(small_world().digests()), "it is free again");
}

#[tokio::test]
async fn a_file_that_stays_is_no_snapshot_that_failed() {
    let dir = tempfile::tempdir().expect("a directory");
    let rig = keeping(dir.path(), Some(small_world())).await;
    rig.get("/health").send().await.expect("an answer");
    // It has the name of an earlier generation's file, and is not removed as one.
    std::fs::create_dir(dir.path().join("default.0.ndjson")).expect("made");
    let answer = rig.admin("POST", "/__admin/snapshot").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn what_cannot_be_brought_back_is_named_by_its_path() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut rig = keeping(dir.path(), Some(small_world())).await;
    rig.end();
    rig.ended().await;
    let (list, rows) = (dir.path().join("worlds.json"), dir.path().join("default.1.ndjson"));
    let [list_text, rows_text] = [&list, &rows].map(|path| std::fs::read_to_string(path).expect("text"));
    let starts_with =
        |refusal: &str, path: &Path| assert!(refusal.starts_with(&path.display().to_string()), "{refusal}");

    std::fs::write(&list, list_text.replace("\"format_version\": 1", "\"format_version\": 2"))
        .expect("written");
    let newer = refusal(dir.path()).await;
    starts_with(&newer, &list);
    assert!(newer.contains("it has format 2"), "{newer}");
    std::fs::write(&list, "{").expect("written");
    starts_with(&refusal(dir.path()).await, &list);
    std::fs::write(&list, &list_text).expect("written");

    std::fs::write(&rows, &rows_text[..rows_text.len() / 2]).expect("written");
    let cut = refusal(dir.path()).await;
    starts_with(&cut, &rows);
    assert!(cut.contains("line "), "{cut}");
    std::fs::write(&rows, rows_text.replacen("\"rank\":\"", "\"rank\":\"Mighty ", 1)).expect("written");
    starts_with(&refusal(dir.path()).await, &rows);
    std::fs::remove_file(&rows).expect("removed");
    starts_with(&refusal(dir.path()).await, &rows);

    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    starts_with(&refusal(&file).await, &file);
}

#[tokio::test]
async fn worlds_that_cannot_be_kept_are_an_error_at_the_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("kept");
    let mut rig = keeping(&place, None).await;
    rig.get("/health").send().await.expect("an answer");
    std::fs::remove_dir_all(&place).expect("removed");
    let refused = rig.admin("POST", "/__admin/snapshot").send().await.expect("an answer");
    assert_eq!(refused.status(), 500);
    rig.end();
    let error = rig.outcome().await.expect_err("nothing was kept").to_string();
    assert!(error.contains("default.1.ndjson"), "{error}");
}
