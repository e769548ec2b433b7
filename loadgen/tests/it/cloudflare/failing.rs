//! Calls to an SFU that come to nothing: whose account they were made with is told nowhere.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    rc::Rc,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
    routing::post,
};
use contract::{
    Endpoint as _,
    sfu::{AppParams, NewSession},
};
use engine::{
    clock,
    record::{Collector, Ending, FaultKind, Plan, Registry},
    run::ScenarioRun,
};
use fixtures::World;
use loadgen::{
    context::{Context, Surroundings},
    http::{Connector, Tls},
    run::Run,
    sfu::Account,
    target::Target,
};
use mock_server::{Config, SfuApp};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::runs::{APP, SECRET, files, has};
use crate::{
    servers::{certified, listen, local, within},
    stage::{WORLD, faults},
};

/// How an SFU fails a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fails {
    /// It takes it and never answers.
    Silent,
    /// It hangs up in the middle.
    Resets,
}

impl Fails {
    async fn fail(self, mut stream: impl AsyncRead + Unpin) {
        // What goes wrong here is what the client is to see.
        match self {
            Self::Silent => drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await),
            Self::Resets => drop(stream.read(&mut [0; 16]).await),
        }
    }
}

/// An SFU that fails every call, over TLS where protocols are offered. Its origin, and what to trust.
async fn sfu(fails: Fails, protocol: Option<&'static [u8]>) -> (String, Option<NamedTempFile>) {
    let (listener, origin) = listen().await;
    let (acceptor, pem) = protocol.map(|protocol| certified(&[protocol])).unzip();
    let origin = match &pem {
        Some(_) => origin.replace("http://127.0.0.1", "https://localhost"),
        None => origin,
    };
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::task::spawn_local(async move {
                match acceptor {
                    None => fails.fail(stream).await,
                    Some(acceptor) => {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        fails.fail(stream).await;
                    }
                }
            });
        }
    });
    (origin, pem)
}

/// One call to the SFU at `origin` with the account of the tests: what was recorded, and what can be printed of it.
async fn asked(origin: &str, tls: Option<Tls>, timeout: Duration) -> (ScenarioRun, String) {
    let (account, at) = Account::new(&format!("{origin}/v1"), APP, SECRET).expect("an account");
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
        connector: Connector::new(Arc::new(target), tls, within(timeout)),
        recorder: Some(recorder.clone()),
        registry: Arc::new(registry),
        tracer: None,
    }));
    let app = AppParams { app_id: "of-the-token".to_owned() };
    let fault = context.call::<NewSession>(&app).bearer("video-token").send().await.expect_err("it fails");
    recorder.flush();
    let ending = Ending {
        started,
        epoch,
        ended: clock::now(),
        interrupted: false,
        workers: 1,
        flows: Vec::new(),
        lost: Vec::new(),
    };
    let run = collector.finish(ending);
    let printed = format!("{run:?} {context:?} {fault:?} {fault}");
    (run, printed)
}

fn evidence(run: &ScenarioRun) -> &str {
    &run.timing_named(NewSession::ROUTE).expect("it is declared").faults[0].evidence[0]
}

#[test]
fn a_call_without_an_answer_is_told_as_the_contract_has_it() {
    const SILENT: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_secs(10);
    let ways = [None, Some(&b"http/1.1"[..]), Some(b"h2")];
    for (fails, timeout, kind) in
        [(Fails::Silent, SILENT, FaultKind::Timeout), (Fails::Resets, LONG, FaultKind::Reset)]
    {
        for way in ways {
            local(async {
                let (origin, pem) = sfu(fails, way).await;
                let tls = pem.as_ref().map(|pem| Tls::trusting(pem.path()).expect("roots"));
                let (run, printed) = asked(&origin, tls, timeout).await;
                assert_eq!(faults(&run, NewSession::ROUTE), [(kind.clone(), 1)], "{fails:?} {way:?}");
                let told = evidence(&run);
                assert!(told.starts_with("POST /v1/apps/of-the-token/sessions/new: "), "{told}");
                assert!(!printed.contains(APP) && !printed.contains(SECRET), "{fails:?} {way:?}: {printed}");
            });
        }
    }
}

#[test]
fn an_sfu_that_names_whom_it_refuses_is_told_without_the_names() {
    local(async {
        let refuse = async |uri: Uri, headers: HeaderMap| {
            let bearer = headers["authorization"].to_str().expect("ASCII").to_owned();
            let said = format!("{} may not be asked for with {bearer}", uri.path());
            (StatusCode::FORBIDDEN, said).into_response()
        };
        let (listener, origin) = listen().await;
        let router = Router::new().route("/v1/apps/{app}/sessions/new", post(refuse));
        tokio::task::spawn_local(async move { axum::serve(listener, router).await });
        let (run, printed) = asked(&origin, None, Duration::from_secs(10)).await;
        assert_eq!(faults(&run, NewSession::ROUTE), [(FaultKind::Status(403), 1)]);
        let told = "POST /v1/apps/of-the-token/sessions/new: 403 /v1/apps/{app_id}/sessions/new may not be asked for \
                    with Bearer {[scrubbed]}";
        assert_eq!(evidence(&run), told);
        assert!(!printed.contains(APP) && !printed.contains(SECRET), "{printed}");
    });
}

/// Sessions that a preflight opens.
const PREFLIGHT: usize = 2;

/// An SFU of the mock's that opens as many sessions as this, and fails all other calls that come on new connections: every
/// second is never answered. It lives as long as the process.
fn sfu_that_fails_after(good: usize) -> String {
    let door = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let origin = format!("http://{}", door.local_addr().expect("it is bound"));
    let opened = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in door.incoming().map_while(Result::ok) {
            let opened = opened.clone();
            thread::spawn(move || pass(stream, good, &opened));
        }
    });
    origin
}

fn pass(mut from: TcpStream, good: usize, opened: &AtomicUsize) {
    let mut first = vec![0; 16 * 1024];
    let Ok(read) = from.read(&mut first) else { return };
    let opens = has(&first[..read], "/sessions/new");
    let before = if opens { opened.fetch_add(1, Ordering::Relaxed) } else { 0 };
    if opens && before >= good {
        if before % 2 == 0 {
            // Until the client gives up.
            let _ = from.read(&mut first);
        }
        return;
    }
    let Ok(mut to) = TcpStream::connect(&*SFU) else { return };
    if to.write_all(&first[..read]).is_err() {
        return;
    }
    let (Ok(mut back_from), Ok(mut back_to)) = (to.try_clone(), from.try_clone()) else { return };
    thread::spawn(move || {
        let _ = std::io::copy(&mut back_from, &mut back_to);
        let _ = back_to.shutdown(std::net::Shutdown::Both);
    });
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// A mock as the API and as an SFU with the application of the tests: one of this file's own, for its session is filled. It
/// lives as long as the process.
static SFU: LazyLock<String> = LazyLock::new(|| {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            tell.send(listener.local_addr().expect("it is bound").to_string()).expect("the test waits");
            let app = SfuApp { id: APP.to_owned(), secret: SECRET.to_owned() };
            let world = Some(World::new(fixtures::DEFAULT_SEED, fixtures::Size::default()));
            let config = Config { world, sfu_app: Some(app), ..Config::default() };
            mock_server::serve(listener, config, std::future::pending::<()>()).await.expect("it serves");
        });
    });
    let address = told.recv().expect("it listens");
    // It listens before its world is made, which takes longer than a preflight waits.
    let mut first = TcpStream::connect(&address).expect("it listens");
    first.write_all(b"GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").expect("it reads");
    first.read_exact(&mut [0]).expect("it answers");
    address
});

/// Plays rtc-load at a part of its time with this SFU; exit code and everything that was printed.
fn play(sfu: &str, time_scale: &str, out: &Path) -> (Option<i32>, String) {
    let api = format!("http://{}", *SFU);
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "--scenario", "rtc-load", "--time-scale", time_scale, "--plain", "--target", &api])
        .args(["--sfu", "cloudflare", "--allow-egress-gb", "1", "--out", &out.display().to_string()])
        .env("CLOUDFLARE_REALTIME_URL", format!("{sfu}/v1"))
        .env("CLOUDFLARE_REALTIME_APP_ID", APP)
        .env("CLOUDFLARE_REALTIME_APP_SECRET", SECRET)
        .env("RUST_LOG", "trace")
        .output()
        .expect("the binary runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}

fn tells_nothing(printed: &str, out: &Path) {
    for secret in [SECRET, APP] {
        assert!(!printed.contains(secret), "{printed}");
        let written = files(out);
        let telling: Vec<_> =
            written.iter().filter(|(_, bytes)| has(bytes, secret)).map(|(path, _)| path).collect();
        assert!(telling.is_empty(), "{telling:?}");
    }
}

fn a_preflight_without_an_answer() {
    let out = tempfile::tempdir().expect("a directory");
    let (code, printed) = play(&sfu_that_fails_after(0), "0.3", out.path());
    assert_eq!(code, Some(3), "{printed}");
    assert!(printed.contains(NewSession::ROUTE), "{printed}");
    tells_nothing(&printed, out.path());
}

fn a_run_without_answers() {
    let out = tempfile::tempdir().expect("a directory");
    // Longer than the time limit of a call.
    let (code, printed) = play(&sfu_that_fails_after(PREFLIGHT), "1", out.path());
    let written = files(out.path());
    let run = written.iter().find(|(path, _)| path.ends_with("run.json"));
    let (path, _) = run.unwrap_or_else(|| panic!("it did not run, exit {code:?}: {printed}"));
    let run = Run::read(Path::new(path).parent().expect("a folder")).expect("a run");
    let failed = &run.scenarios[0].run.timing_named(NewSession::ROUTE).expect("it is declared").faults;
    for kind in [FaultKind::Reset, FaultKind::Timeout] {
        let told = failed.iter().find(|fault| fault.kind == kind);
        let told = told.unwrap_or_else(|| panic!("no {kind:?} in {failed:?}, exit {code:?}: {printed}"));
        let shown = |evidence: &String| {
            evidence.starts_with("POST /v1/apps/") && evidence.contains("/sessions/new: ")
        };
        assert!(!told.evidence.is_empty() && told.evidence.iter().all(shown), "{told:?}");
    }
    tells_nothing(&printed, out.path());
}

/// One after the other, since both are at the same session.
#[test]
fn calls_that_are_not_answered_name_neither_application_nor_secret_in_any_file_or_line() {
    a_preflight_without_an_answer();
    a_run_without_answers();
}
