//! A server that passes for a mock, except in the one way a test is about.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use tokio::net::TcpListener;

/// The one way in which it is not a mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Says that it is staging.
    SaysStaging,
    /// Answers health with a page.
    AnswersWithAPage,
    /// Answers every question elsewhere.
    Redirects,
    /// Reads the world, then refuses a line of it.
    RefusesALine,
    /// Refuses before it has read the world.
    RefusesAtOnce,
    /// Hangs up in the middle of the world.
    HangsUp,
    /// Says that it took other numbers than it was sent.
    Miscounts,
    /// Answers with something that is not JSON.
    Babbles,
}

/// The token it takes.
pub(crate) const TOKEN: &str = "the-token";

/// Serves until the test's runtime ends; answers with its address.
pub(crate) async fn serve(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let router = Router::new()
        .route("/health", get(move || async move { health(fault) }))
        .route("/__admin/truth", get(truth))
        .route("/__admin/dataset", post(move |request: Request| dataset(fault, request)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn health(fault: Fault) -> Response {
    let environment = if fault == Fault::SaysStaging { "staging" } else { "mock" };
    match fault {
        Fault::AnswersWithAPage => "<!doctype html><title>hello</title>".into_response(),
        Fault::Redirects => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "http://192.0.2.1/")]).into_response()
        }
        _ => {
            format!(r#"{{"status":"healthy","environment":"{environment}","service":"fake","version":"0"}}"#)
                .into_response()
        }
    }
}

async fn truth(headers: HeaderMap) -> Response {
    let expected = format!("Bearer {TOKEN}");
    if headers.get(header::AUTHORIZATION).is_some_and(|given| given.as_bytes() == expected.as_bytes()) {
        return "{}".into_response();
    }
    (StatusCode::UNAUTHORIZED, r#"{"detail":"The admin token is another"}"#).into_response()
}

async fn dataset(fault: Fault, request: Request) -> Response {
    if fault == Fault::RefusesAtOnce {
        return (StatusCode::SERVICE_UNAVAILABLE, r#"{"detail":"A world is being loaded already"}"#)
            .into_response();
    }
    let mut body: axum::body::BodyDataStream = Body::into_data_stream(request.into_body());
    while let Some(chunk) = body.next().await {
        // A panicking handler is how axum hangs up without an answer.
        assert!(fault != Fault::HangsUp || chunk.is_err(), "hanging up, as planned");
    }
    match fault {
        Fault::Babbles => "fine, fine".into_response(),
        Fault::Miscounts => r#"{"counts":{"member":1,"instructor":0,"event":0,"rsvp":0,"subscription":0,"content":0,"session":0}}"#
            .into_response(),
        _ => (StatusCode::BAD_REQUEST, r#"{"detail":"line 17: rsvp refers to event `evt_x`, which is not there"}"#)
            .into_response(),
    }
}
