//! What participants make of an SFU's refusals.

use std::{
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
    routing::post,
};
use contract::{
    Endpoint as _,
    sfu::{AppParams, NewSession},
};
use engine::{
    clock::{self, Instant},
    record::{Collector, Ending, FaultKind, Plan, Registry},
};
use loadgen::{
    call::Answer,
    context::{Context, Surroundings},
    http::{Connector, Limits},
    sfu::Account,
    target::Target,
};
use serde_json::{Value, json};

use crate::{
    preflight::mock,
    servers::{listen, local},
    stage::{Play, WORLD, faults, play, samples, share},
};

const SECRET: &str = "s3cr3t-of-the-tests";

/// What an SFU was asked: when, where, with which bearer.
type Asked = Arc<Mutex<Vec<(Instant, String, String)>>>;

/// An SFU that tells the first to come back in a second.
fn sfu(asked: Asked) -> Router {
    let open = async move |uri: Uri, headers: HeaderMap| {
        let mut asked = asked.lock().expect("nobody panicked");
        let bearer = headers["authorization"].to_str().expect("ASCII").to_owned();
        asked.push((clock::now(), uri.path().to_owned(), bearer));
        match asked.len() {
            1 => {
                let wait = [("retry-after", "1")];
                (StatusCode::TOO_MANY_REQUESTS, wait, Json(json!({"detail": "slower"}))).into_response()
            }
            _ => (StatusCode::CREATED, Json(json!({"sessionId": "s1"}))).into_response(),
        }
    };
    Router::new().route("/edge/v1/apps/{app}/sessions/new", post(open))
}

#[test]
fn a_call_that_is_told_to_wait_waits_is_counted_and_asked_again() {
    local(async {
        let asked = Asked::default();
        let (listener, origin) = listen().await;
        tokio::task::spawn_local({
            let sfu = sfu(asked.clone());
            async move { axum::serve(listener, sfu).await }
        });
        let (account, at) = Account::new(&format!("{origin}/edge/v1"), "app1", SECRET).expect("an account");
        let target = Target::parse("http://127.0.0.1:1").expect("a loopback origin");
        let target = target.with_sfu_at(&at, Some(account), &[]).expect("a loopback SFU");
        let mut registry = Registry::new();
        registry.endpoint(NewSession::ROUTE);
        let collector = Collector::start(Plan::new("rtc-load", registry.clone(), Vec::new(), Vec::new()));
        let (started, epoch) = (clock::wall(), clock::now());
        let recorder = collector.tap().recorder(epoch);
        let mut context = Context::new(Rc::new(Surroundings {
            scenario: "rtc-load",
            seed: 42,
            world: *WORLD,
            nonce: "n0".into(),
            connector: Connector::new(Arc::new(target), None, Limits::default()),
            recorder: Some(recorder.clone()),
            registry: Arc::new(registry),
            tracer: None,
        }));
        let app = AppParams { app_id: "of-the-token".to_owned() };
        let answer = context.call::<NewSession>(&app).bearer("video-token").send().await;
        assert!(matches!(answer, Ok(Answer::Done(opened)) if opened.session_id == "s1"));
        recorder.flush();
        let ended = clock::now();
        let ending = Ending {
            started,
            epoch,
            ended,
            interrupted: false,
            workers: 1,
            flows: Vec::new(),
            lost: Vec::new(),
        };
        let run = collector.finish(ending);
        assert_eq!(samples(&run, NewSession::ROUTE), 2);
        assert_eq!(faults(&run, NewSession::ROUTE), [(FaultKind::Status(429), 1)]);
        let evidence = &run.timing_named(NewSession::ROUTE).expect("it is declared").faults[0].evidence;
        assert!(evidence[0].contains("POST /v1/apps/of-the-token/sessions/new: 429"), "{evidence:?}");
        assert!(!format!("{run:?}{context:?}").contains(SECRET));

        let asked = asked.lock().expect("nobody panicked");
        let [(first, path, bearer), (second, ..)] = &asked[..] else { panic!("asked {} times", asked.len()) };
        assert_eq!(
            (path.as_str(), bearer.as_str()),
            ("/edge/v1/apps/app1/sessions/new", "Bearer s3cr3t-of-the-tests")
        );
        // The one second that the SFU itself demanded.
        assert!(*second - *first >= Duration::from_secs(1));
    });
}

/// Every first track of a call failed, in an answer that is a success.
fn one_fails(asked: &str, body: &mut Value) -> Option<(u16, &'static str)> {
    if asked.ends_with("/tracks/new") {
        body["tracks"][0]["errorCode"] = "not_found_track_error".into();
    }
    None
}

#[tokio::test]
async fn a_track_that_fails_in_a_success_is_counted() {
    let turns = (0..3).map(|n| (n, 0)).collect();
    let run = play("rtc-load", mock(one_fails), Play::Whole { turns, scale: 0.1 }).await;
    let (_, failed) = share(&run, "sfu_tracks_granted");
    assert!(failed >= 3, "{failed} failed: each of three participants publishes one");
}
