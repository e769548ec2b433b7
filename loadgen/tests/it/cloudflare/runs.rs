//! rtc-load against one mock as the API and another, over TLS, as Cloudflare.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{LazyLock, mpsc},
    thread,
};

use contract::{
    Endpoint as _,
    rtc::VideoToken,
    sfu::{NewSession, NewTracks, Renegotiate},
};
use loadgen::run::Run;
use mock_server::{Config, SfuApp, Tls};

use crate::{
    interrupted::MOCK,
    stage::{faults, samples, share},
};

pub(super) const APP: &str = "app0of0the0tests";
pub(super) const SECRET: &str = "s3cr3t-of-the-tests";

/// Its origin, and its authority's certificate. It lives as long as the process.
static CLOUDFLARE: LazyLock<(String, String)> = LazyLock::new(|| {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            let dir = tempfile::tempdir().expect("a directory");
            let tls = Tls::made_now(Some(dir.path())).expect("a certificate");
            let address = listener.local_addr().expect("it is bound");
            let pem = fs::read_to_string(tls.certificate()).expect("it was written");
            let ready = || tell.send((format!("https://{address}"), pem)).expect("the test waits");
            let app = SfuApp { id: APP.to_owned(), secret: SECRET.to_owned() };
            let config = Config { tls: Some(tls), sfu_app: Some(app), ..Config::default() };
            let never = std::future::pending::<()>();
            mock_server::serve_announced(listener, config, never, ready).await.expect("it serves");
        });
    });
    told.recv().expect("it listens")
});

/// Plays rtc-load in seconds with this secret; exit code and everything that was printed.
fn play(secret: &str, out: &Path) -> (Option<i32>, String) {
    let (cloudflare, pem) = &*CLOUDFLARE;
    let ca = tempfile::NamedTempFile::new().expect("a file");
    fs::write(ca.path(), pem).expect("it can be written");
    let api = format!("http://{}", *MOCK);
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "--scenario", "rtc-load", "--time-scale", "0.3", "--plain", "--target", &api, "--ca"])
        .arg(ca.path())
        .args(["--sfu", "cloudflare", "--allow-egress-gb", "1", "--out", &out.display().to_string()])
        .env("CLOUDFLARE_REALTIME_URL", format!("{cloudflare}/v1"))
        .env("CLOUDFLARE_REALTIME_APP_ID", APP)
        .env("CLOUDFLARE_REALTIME_APP_SECRET", secret)
        .env("RUST_LOG", "trace")
        .output()
        .expect("the binary runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}

/// Every file below a directory, and what is in it.
pub(super) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("it can be read").path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                return files(&path);
            }
            vec![(path.display().to_string(), fs::read(&path).expect("it can be read"))]
        })
        .collect()
}

pub(super) fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_session_is_negotiated_there_and_neither_application_nor_secret_is_written_or_said() {
    let out = tempfile::tempdir().expect("a directory");
    let (code, printed) = play(SECRET, out.path());
    let written = files(out.path());
    let run = written.iter().find(|(path, _)| path.ends_with("run.json")).expect("it ran");
    let run = Run::read(Path::new(&run.0).parent().expect("a folder")).expect("a run");
    let session = &run.scenarios[0].run;
    for route in [VideoToken::ROUTE, NewSession::ROUTE, NewTracks::ROUTE, Renegotiate::ROUTE] {
        assert!(samples(session, route) >= 49, "{route}, exit {code:?}: {printed}");
        assert_eq!(faults(session, route), [], "{route}");
    }
    assert_eq!(share(session, "sfu_tracks_granted").1, 0);
    let note = format!("Live sessions used the SFU at {} instead of the target's own", CLOUDFLARE.0);
    assert!(run.notes.iter().any(|said| said.starts_with(&note)), "{:?}", run.notes);
    for secret in [SECRET, APP] {
        assert!(!printed.contains(secret), "{printed}");
        let telling: Vec<_> =
            written.iter().filter(|(_, bytes)| has(bytes, secret)).map(|(path, _)| path).collect();
        assert!(telling.is_empty(), "{telling:?}");
    }
}

#[test]
fn a_wrong_secret_is_said_before_any_load() {
    let out = tempfile::tempdir().expect("a directory");
    let (code, printed) = play("another-s3cr3t", out.path());
    assert_eq!(code, Some(3), "{printed}");
    assert!(printed.contains("401") && printed.contains("This is not the application's secret"), "{printed}");
    assert!(!printed.contains("another-s3cr3t") && files(out.path()).is_empty(), "{printed}");
}
