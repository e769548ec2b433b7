//! Typed calls: what is parsed, what is allowed for, what is counted as what.

use std::{rc::Rc, sync::Arc};

use contract::{
    Endpoint, Nothing,
    operations::{Health, HealthOutput},
    subscriptions::{ListPlans, MySubscription},
};
use engine::{
    clock,
    driver::Due,
    record::{Collector, Ending, FaultKind, Plan, Registry},
    run::ScenarioRun,
};
use loadgen::{
    call::{Answer, ensure},
    context::{Context, Surroundings},
    http::{Connector, Limits},
    target::Target,
};

use crate::servers::{local, request, send, serve};

pub(crate) const HEALTHY: &str = r#"{"status":"healthy","environment":"mock","service":"s","version":"1"}"#;

/// A server that always says this.
async fn saying(status: &'static str, kind: &'static str, body: &'static str) -> String {
    serve(move |_, mut stream| async move {
        while request(&mut stream).await {
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nretry-after: 3\r\n\r\n");
            send(&mut stream, format!("{head}{body}").as_bytes()).await;
        }
    })
    .await
}

/// Does something as a user of `origin` and gives what was recorded.
pub(crate) async fn recorded(origin: &str, user: impl AsyncFnOnce(&mut Context)) -> ScenarioRun {
    let mut registry = Registry::new();
    for route in [Health::ROUTE, ListPlans::ROUTE, MySubscription::ROUTE] {
        registry.endpoint(route);
    }
    registry.group("all");
    let collector = Collector::start(Plan::new("calls", registry.clone(), Vec::new(), Vec::new()));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    let mut context = Context::new(Rc::new(Surroundings {
        scenario: "calls",
        seed: 1,
        world: fixtures::World::new(1, fixtures::Size::default()),
        nonce: "n".into(),
        connector: Connector::new(
            Arc::new(Target::parse(origin).expect("an origin")),
            None,
            Limits::default(),
        ),
        recorder: Some(recorder.clone()),
        registry: Arc::new(registry),
        tracer: None,
    }));
    user(&mut context).await;
    recorder.flush();
    let (started, ended) = (clock::wall(), clock::now());
    collector.finish(Ending {
        started,
        epoch,
        ended,
        interrupted: false,
        workers: 1,
        flows: vec![],
        lost: vec![],
    })
}

/// What one call of `GET /health` is counted as.
fn counted(status: &'static str, kind: &'static str, body: &'static str) -> Option<FaultKind> {
    local(async {
        let origin = saying(status, kind, body).await;
        let run = recorded(&origin, async |context| {
            let answer = context.call::<Health>(&Nothing {}).send().await;
            assert!(answer.is_ok() || answer.is_err_and(|fault| fault.detail.starts_with("GET /health")));
        })
        .await;
        let health = run.timing_named(Health::ROUTE).expect("it is declared");
        assert_eq!(health.counts().0 + health.counts().1, 1);
        health.faults.first().map(|fault| fault.kind.clone())
    })
}

#[test]
fn an_answer_is_right_when_status_type_and_shape_are() {
    let json = "application/json";
    assert_eq!(counted("200 OK", json, HEALTHY), None);
    assert_eq!(counted("200 OK", "application/json; charset=utf-8", HEALTHY), None);
    assert_eq!(counted("503 Busy", json, r#"{"detail":"later"}"#), Some(FaultKind::Status(503)));
    assert_eq!(counted("302 Found", json, ""), Some(FaultKind::Status(302)));
    assert_eq!(counted("200 OK", "text/html", "<p>"), Some(FaultKind::Body("not JSON".into())));
    assert_eq!(counted("200 OK", json, r#"{"status":1}"#), Some(FaultKind::Body("shape differs".into())));
    assert_eq!(counted("200 OK", json, "{"), Some(FaultKind::Body("shape differs".into())));
}

#[test]
fn a_shape_that_differs_says_where() {
    local(async {
        let origin = saying("200 OK", "application/json", r#"{"plans":[{"id":7}]}"#).await;
        recorded(&origin, async |context| {
            let fault = context.call::<ListPlans>(&Nothing {}).send().await.expect_err("an id is a string");
            assert!(fault.detail.contains("plans[0].id"), "{}", fault.detail);
        })
        .await;
    });
}

#[test]
fn an_answer_that_does_not_fit_is_told_without_the_tokens_in_it() {
    local(async {
        let body =
            r#"{"access_token":"eyJhbGci.s3cr3t","token_type":"bearer","refresh_token":"s3cr3t","plan":7}"#;
        for status in ["200 OK", "500 Internal Server Error"] {
            let origin = saying(status, "application/json", body).await;
            recorded(&origin, async |context| {
                let call = context.call::<MySubscription>(&Nothing {}).bearer("t");
                let fault = call.send().await.expect_err("it does not fit");
                let told = r#""token_type":"bearer","refresh_token":"[scrubbed]","plan":7}"#;
                assert!(fault.detail.contains(told) && !fault.detail.contains("s3cr3t"), "{}", fault.detail);
            })
            .await;
        }
    });
}

#[test]
fn a_refusal_the_step_allows_for_is_no_error() {
    local(async {
        let origin = saying("404 Not Found", "application/json", r#"{"detail":"none"}"#).await;
        let run = recorded(&origin, async |context| {
            let answer = context.call::<MySubscription>(&Nothing {}).bearer("t").or(&[404]).send().await;
            let Ok(Answer::Refused(error)) = answer else { panic!("{answer:?}") };
            assert_eq!((error.status, error.retry_after), (404, Some(3)));
        })
        .await;
        assert_eq!(run.requests(), (1, 0));
    });
}

#[test]
fn a_failed_check_is_counted_by_its_name_under_every_group() {
    local(async {
        let origin = saying("200 OK", "application/json", HEALTHY).await;
        let run = recorded(&origin, async |context| {
            let all = context.registry().find_timing("all").expect("it is declared");
            let groups = [all];
            let call = context.call::<Health>(&Nothing {}).due(Due::now()).under(&groups);
            let answer = call
                .checked(|answer| {
                    let Answer::Done(HealthOutput { environment, .. }) = answer else { return Ok(()) };
                    ensure(environment == "staging", "environment is staging", || environment.clone())
                })
                .await;
            assert!(answer.is_err());
        })
        .await;
        for series in ["all", Health::ROUTE] {
            let faults = &run.timing_named(series).expect("it is declared").faults;
            assert_eq!(faults.len(), 1, "{series}");
            assert_eq!(faults[0].kind, FaultKind::Body("environment is staging".into()));
            assert_eq!(faults[0].evidence.len(), 1);
        }
    });
}
