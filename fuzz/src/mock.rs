//! A mock without a socket, on a clock that jumps: what waits a minute takes no time.

use axum::Router;
use axum::body::{Body, Bytes};
use contract::rtc::LOAD_SESSION;
use fixtures::{Size, World};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use mock_server::Config;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::Service as _;

/// Bytes an answer may have at most, whatever was asked: a hundred events with all they say are less.
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;
/// Inputs after which a mock has seen enough: what they leave in it must not add up.
const WORN_AFTER: u32 = 2_000;

/// A mock with a small world, and tokens of every kind for it.
pub struct Mock {
    runtime: Runtime,
    router: Router,
    uses: u32,
    /// Of a member.
    pub member: String,
    /// Of a participant of the load session.
    pub session: String,
    /// For that participant's video.
    pub video: String,
    /// Path of the SFU's application.
    pub sfu: String,
}

impl Mock {
    /// A mock as it is when it was just started.
    pub fn start() -> Self {
        let size = Size { members: 40, instructors: 5, events: 12, content: 20, ..Size::scaled(1) };
        let world = Some(World::new(fixtures::DEFAULT_SEED, size));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let router = {
            let _within = runtime.enter();
            mock_server::service(Config { world, ..Config::default() }).expect("nothing was kept")
        };
        let mut mock = Self {
            runtime,
            router,
            uses: 0,
            member: String::new(),
            session: String::new(),
            video: String::new(),
            sfu: String::new(),
        };
        mock.sign_in();
        mock
    }

    fn sign_in(&mut self) {
        let who = json!({ "email": contract::auth::load_user_email(0), "password": fixtures::PASSWORD });
        self.member = text(&self.post("/api/auth/login", "", &who).1, "access_token");
        self.session = text(&self.join("a participant"), "access_token");
        let path = format!("/api/rtc/sessions/{LOAD_SESSION}/video-token");
        let answer = self.post(&path, &self.session, &json!({ "access_token": self.session })).1;
        self.video = text(&answer, "video_token");
        self.sfu = text(&answer, "sfu_url");
    }

    /// Starts over once it has been used a lot.
    pub fn renew_when_worn(&mut self) {
        self.uses += 1;
        if self.uses > WORN_AFTER {
            *self = Self::start();
        }
    }

    /// Joins the load session.
    pub fn join(&self, user: &str) -> Value {
        let path = format!("/api/rtc/sessions/{LOAD_SESSION}/join");
        let (status, joined) = self.post(&path, "", &json!({ "user_id": user, "participant_name": user }));
        assert_eq!(status, 200, "{joined}");
        joined
    }

    /// Sends JSON.
    pub fn post(&self, path: &str, bearer: &str, body: &Value) -> (StatusCode, Value) {
        let mut request = Request::new(Body::from(body.to_string()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse().expect("a path");
        if !bearer.is_empty() {
            let value = format!("Bearer {bearer}").parse().expect("a header");
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let (status, body) = self.ask(request);
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// Sends a request, and holds the answer against what every answer promises: no 5xx but a 503 that says when to
    /// come back, a bounded body, and for a refusal a reason.
    pub fn ask(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (answer, body) = self.runtime.block_on(async {
            let Ok(answer) = self.router.clone().call(request).await;
            let (answer, body) = answer.into_parts();
            (answer, body.collect().await.expect("a body").to_bytes())
        });
        let status = answer.status;
        let is_busy = status == 503 && answer.headers.contains_key(header::RETRY_AFTER);
        assert!(!status.is_server_error() || is_busy, "{method} {uri}: {status} {body:?}");
        assert!(body.len() <= ANSWER_LIMIT_BYTES, "{method} {uri}: {} bytes", body.len());
        if status.is_client_error() && method != Method::HEAD {
            let refusal: Value = serde_json::from_slice(&body).unwrap_or_default();
            assert!(!refusal["detail"].is_null(), "{method} {uri}: {status} {body:?}");
        }
        (status, body)
    }

    /// What answers, for whoever brings a connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Runs something on the mock's clock.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// A field's text.
pub fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned()
}
