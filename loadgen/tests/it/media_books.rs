//! What a mock says its SFU carried, read and subtracted.

use std::sync::Arc;

use axum::{Json, Router, routing::get};
use loadgen::{
    books::{Books, MediaBooks},
    http::{Connector, Limits},
    target::Target,
};
use serde_json::json;

use crate::servers::{listen, local};

const BEFORE: MediaBooks = MediaBooks {
    packets_in: 10,
    packets_out: 20,
    bytes_in: 1_000,
    bytes_out: 2_000,
    dropped_up: 1,
    dropped_down: 2,
    resent: 3,
    nacks: 4,
    keyframe_requests: 5,
};

async fn read_from(router: Router) -> anyhow::Result<MediaBooks> {
    let (listener, origin) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    let target = Arc::new(Target::parse(&origin).expect("a loopback origin"));
    Books::new(&Connector::new(target, None, Limits::default()), "any").media().await
}

#[test]
fn the_totals_are_read_whatever_else_the_answer_holds() {
    let answer = json!({"sockets": 1, "peers": 0, "total": BEFORE, "participants": [{"user_id": "u"}]});
    let router = Router::new().route("/__admin/media", get(async move || Json(answer)));
    assert_eq!(local(read_from(router)).expect("books"), BEFORE);
}

#[test]
fn a_target_without_such_books_says_so() {
    let refused = local(read_from(Router::new())).expect_err("there are none");
    assert!(refused.to_string().starts_with("/__admin/media: 404"), "{refused}");
}

#[test]
fn what_was_carried_meanwhile_is_a_difference() {
    let after = MediaBooks { packets_in: 110, resent: 3, nacks: 9, ..BEFORE };
    let meanwhile = MediaBooks { packets_in: 100, nacks: 5, ..MediaBooks::default() };
    assert_eq!(after.since(&BEFORE), meanwhile);
}
