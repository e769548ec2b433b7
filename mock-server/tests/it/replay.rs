//! Stripe's side of webhooks: against a mock, whose books must hold, and against receivers that fail.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use contract::stripe::{DEFAULT_SECRET, verify};
use mock_server::replay::Replay;
use mock_server::replay::events::Events;
use mock_server::replay::plan::{Mix, Retries};
use mock_server::replay::summary::Summary;
use mock_server::replay::target::Target;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::rig::{Rig, small_world};

const PLAIN: Mix = Mix { duplicates: 0.0, concurrent_duplicates: 0.0, unordered: 0.0, forged: 0.0 };

fn replay(events: u32, mix: Mix) -> Replay {
    Replay {
        events,
        rate: 2_000.0,
        seed: 9,
        mix,
        // Three days in under two seconds.
        retries: Retries { compress: 200_000.0, max_attempts: 16 },
        secrets: vec![DEFAULT_SECRET.to_owned()],
        timeout: Duration::from_secs(20),
        concurrency: 16,
    }
}

async fn run(replay: &Replay, to: &str) -> Summary {
    let events = Events::about(&small_world(), replay.seed).expect("somebody pays");
    let target = Target::parse(to, &[]).await.expect("it is on this machine");
    replay.run(events, &target, std::future::pending::<()>(), |_, _| {}).await
}

#[tokio::test]
async fn a_mock_applies_everything_exactly_once() {
    let rig = Rig::start().await;
    let mix = Mix { duplicates: 0.2, concurrent_duplicates: 0.3, unordered: 0.3, forged: 0.1 };
    let mut replay = replay(300, mix);
    replay.secrets.insert(0, "whsec_next".to_owned());
    let summary = run(&replay, &rig.base).await;
    assert!(summary.is_whole(), "{}", summary.text());
    assert_eq!(summary.events, 300);
    assert!(summary.first_attempt > 400, "{}", summary.text());
    assert!(summary.forgeries_refused > 10, "{}", summary.text());
    let answer = rig.admin("GET", "/__admin/webhooks").send().await.expect("an answer");
    let book = answer.text().await.expect("text");
    let lines: Vec<Value> = book.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 300);
    assert!(lines.iter().all(|line| line["applied"] == 1), "{book}");
    assert!(rig.audit_holds().await);
}

/// What a receiver saw of one attempt.
#[derive(Debug, Clone)]
struct Seen {
    headers: HeaderMap,
    body: String,
}

/// A receiver that answers its `n`-th request with `answer(n)`.
#[derive(Clone)]
struct Receiver {
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: fn(usize) -> Response,
}

impl Receiver {
    async fn start(answer: fn(usize) -> Response) -> (Self, String) {
        let receiver = Self { seen: Arc::default(), answer };
        let take = |State(receiver): State<Self>, headers: HeaderMap, body: String| async move {
            let mut seen = receiver.seen.lock().expect("nobody panics");
            seen.push(Seen { headers, body });
            (receiver.answer)(seen.len() - 1)
        };
        let router = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("it is bound");
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                let io = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
            }
        });
        (receiver, format!("http://{address}/hook"))
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("nobody panics").clone()
    }
}

#[tokio::test]
async fn what_fails_twice_is_delivered_the_third_time() {
    let (receiver, url) = Receiver::start(|n| {
        if n < 2 { StatusCode::INTERNAL_SERVER_ERROR.into_response() } else { StatusCode::OK.into_response() }
    })
    .await;
    let mut replay = replay(1, PLAIN);
    replay.secrets = vec!["whsec_next".to_owned(), "whsec_now".to_owned()];
    let summary = run(&replay, &url).await;
    assert!(summary.is_whole());
    assert_eq!((summary.attempts, summary.first_attempt, summary.retried), (3, 0, 1));
    assert_eq!(format!("{:?}", summary.by_outcome), r#"{"200": 1, "500": 2}"#);
    let seen = receiver.seen();
    assert!(seen.iter().all(|attempt| attempt.body == seen[0].body), "the same event each time");
    for Seen { headers, body } in &seen {
        assert_eq!(headers["user-agent"], "Stripe/1.0 (+https://stripe.com/docs/webhooks)");
        let signature = headers["stripe-signature"].to_str().expect("text");
        let signed_at = signature[2..].split(',').next().and_then(|t| t.parse().ok()).expect("a time");
        for secret in &replay.secrets {
            assert_eq!(verify(secret, signature, body.as_bytes(), signed_at), Ok(()), "{signature}");
        }
    }
}

#[tokio::test]
async fn a_forgery_is_refused_only_by_a_4xx() {
    for (answer, refused, undecided) in [
        ((|n| [StatusCode::OK, StatusCode::BAD_REQUEST][n].into_response()) as fn(usize) -> Response, 1, 0),
        (|n| [StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR][n].into_response(), 0, 1),
    ] {
        let (_, url) = Receiver::start(answer).await;
        let mut replay = replay(1, Mix { forged: 1.0, ..PLAIN });
        replay.concurrency = 1;
        let summary = run(&replay, &url).await;
        let counts = (summary.forgeries_refused, summary.forgeries_accepted, summary.forgeries_undecided);
        assert_eq!(counts, (refused, 0, undecided), "{}", summary.text());
        assert_eq!(summary.is_whole(), undecided == 0, "{}", summary.text());
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_given_up_in_the_end() {
    let (receiver, url) = Receiver::start(|_| Redirect::temporary("/elsewhere").into_response()).await;
    let mut replay = replay(1, PLAIN);
    replay.retries.max_attempts = 3;
    let summary = run(&replay, &url).await;
    assert_eq!((summary.given_up, summary.is_whole(), receiver.seen().len()), (1, false, 3));
    assert_eq!(format!("{:?}", summary.by_outcome), r#"{"307": 3}"#);
}

#[tokio::test(start_paused = true)]
async fn who_never_answers_is_tried_again_for_three_days() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
    let mut replay = replay(1, PLAIN);
    replay.retries.compress = 1.0;
    // Paused time: it connects, and three days pass at once. The kernel accepts for a listener that does not.
    let summary = run(&replay, &url).await;
    assert_eq!((summary.attempts, summary.given_up, summary.answered), (11, 1, false));
    assert_eq!(format!("{:?}", summary.by_outcome), r#"{"timed out": 11}"#);
    drop(listener);
}

#[tokio::test]
async fn stopping_counts_what_was_left() {
    let (_, url) = Receiver::start(|_| StatusCode::OK.into_response()).await;
    let replay = Replay { rate: 0.001, ..replay(5, PLAIN) };
    let events = Events::about(&small_world(), replay.seed).expect("somebody pays");
    let target = Target::parse(&url, &[]).await.expect("it is on this machine");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    // The first is answered at once, the second would come after a quarter of an hour.
    let told = |_: &Summary, _| drop(stop.take());
    let summary = replay.run(events, &target, stopped, told).await;
    assert_eq!((summary.attempts, summary.first_attempt, summary.unfinished), (1, 1, 4));
    assert!(!summary.is_whole());
}
