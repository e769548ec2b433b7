//! Pages of which it is known what a browser sees.

use std::{future::pending, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use futures_util::stream;
use tokio::{net::TcpListener, task::AbortHandle, time::sleep};

/// Width and height of the image, pixels.
const IMAGE: (u32, u32) = (200, 150);
/// Its pixels' bytes.
pub(super) const IMAGE_BYTES: u64 = 3 * IMAGE.0 as u64 * IMAGE.1 as u64;

/// A server of such pages, until it is dropped.
pub(super) struct Site {
    origin: String,
    serving: AbortHandle,
}

impl Site {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let serving = tokio::spawn(async move { axum::serve(listener, pages()).await }).abort_handle();
        Self { origin, serving }
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An address where nobody listens.
pub(super) async fn refused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    format!("http://{}/", listener.local_addr().expect("it is bound"))
}

fn pages() -> Router {
    let page = |body: &'static str| get(move || async move { html(body) });
    Router::new()
        .route("/hero/{ms}", get(hero))
        .route("/image/{ms}", get(image))
        .route("/blank", page(""))
        .route("/text", page("<h1 id=title>Nothing but this</h1>"))
        .route("/gone", page("<h1 id=title>Its image is gone</h1><img src=/image/gone width=600 height=400>"))
        .route("/alert", page("<script>alert('first')</script><h1>Then this</h1>"))
        .route(
            "/endless",
            page("<h1>Never at rest</h1><script>for (const n of '123') fetch('/never?' + n)</script>"),
        )
        .route("/stream", page("<h1>Told more and more</h1><script>new EventSource('/told')</script>"))
        .route("/foreign", page("<h1>From elsewhere</h1><img src=http://elsewhere.test/a.png>"))
        .route("/noisy", page("<script>console.error('it broke', 7); throw new Error('thrown')</script>"))
        .route("/goes-away", page("<h1>On the way</h1><script>location.replace('/text')</script>"))
        .route(
            "/goes-slowly",
            page("<h1>On the way</h1><img src=/image/400 width=900 height=600><script>location = '/late/1500'</script>"),
        )
        .route("/goes-late", page("<h1 id=old>It has loaded</h1><script>setTimeout(() => location = '/late/3000', 500)</script>"))
        .route("/goes-nowhere", page("<h1 id=title>Nothing comes</h1><script>location = '/nothing'</script>"))
        .route("/keeps-a-file", page("<h1 id=title>A file comes</h1><script>location = '/file'</script>"))
        .route("/late/{ms}", get(late))
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/file", get(|| async { ([(header::CONTENT_DISPOSITION, "attachment; filename=a.txt")], "kept") }))
        .route("/sent-away", get(|| async { Redirect::to("/text") }))
        .route("/shift", page(SHIFT))
        .route("/mirror", get(mirror))
        .route("/never", get(pending::<()>))
        .route("/told", get(told))
}

fn html(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html><meta name=viewport content=width=device-width><link rel=icon href=data:,>\
         <body style='margin:0'>{body}</body></html>"
    ))
}

/// Text, after so long.
async fn late(Path(ms): Path<u64>) -> Html<String> {
    sleep(Duration::from_millis(ms)).await;
    html("<h1 id=late>Here at last</h1>")
}

/// Text, and an image that is held back.
async fn hero(Path(ms): Path<u64>) -> Html<String> {
    html(&format!("<h1>Heroes are late</h1><img class='hero large' src=/image/{ms} width=900 height=600>"))
}

const SHIFT: &str = "<div id=space></div><div style='height:470px;background:#abc'>Here</div><script>\
    addEventListener('load', () => requestAnimationFrame(() => setTimeout(() => {\
        document.getElementById('space').style.height = '94px';\
    }, 300)))</script>";

/// An image, after so long. A browser may keep it.
async fn image(Path(ms): Path<String>) -> Response {
    let Ok(ms) = ms.parse() else { return StatusCode::NOT_FOUND.into_response() };
    sleep(Duration::from_millis(ms)).await;
    ([(header::CONTENT_TYPE, "image/bmp"), (header::CACHE_CONTROL, "max-age=600")], bitmap()).into_response()
}

/// Says on its console what the request carried, and what the page finds.
async fn mirror(headers: HeaderMap) -> Html<String> {
    let carried = |name: &str, none: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or(none).to_owned()
    };
    html(&format!(
        "<script>console.error(`{} {} ${{innerWidth}}x${{innerHeight}} @${{devicePixelRatio}} \
         touch ${{navigator.maxTouchPoints}} phone ${{navigator.userAgent.includes('Android')}}`)</script>",
        carried("cookie", ""),
        carried("x-world", "none"),
    ))
}

async fn told() -> Response {
    let events = stream::pending::<Result<Bytes, std::convert::Infallible>>();
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

/// A bitmap of noise: what is all one colour is no content to Chromium
/// (<https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage>).
fn bitmap() -> Vec<u8> {
    let (width, height) = IMAGE;
    let pixels = width * height * 3;
    let mut file = b"BM".to_vec();
    for word in [54 + pixels, 0, 54, 40, width, height, 1 | 24 << 16, 0, pixels, 0, 0, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend((0..pixels).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8));
    file
}
