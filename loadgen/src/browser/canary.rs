//! A page of this process's own, opened now and then: its LCP is known, so what it takes longer is the browser's
//! doing, which the machine starves.

use std::{convert::Infallible, io, net::Ipv4Addr, time::Duration};

use bytes::Bytes;
use engine::stats::nearest_rank;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use crate::run::Canary;

/// Every how many visits one is the canary's.
pub const EVERY: u64 = 20;
/// By how much its p95 may drift from its idle value.
pub const MOST_DRIFT: f64 = 0.2;
/// For how long its picture is held back. LCP is judged at 2.5 s: the drift that is allowed of a canary of a second and
/// what painting takes is a tenth of that, and no jitter of a few milliseconds is a fifth of it.
const HELD_BACK: Duration = Duration::from_secs(1);
/// Where no more connections are taken in for now, this long until the next.
const REST: Duration = Duration::from_millis(100);

const PAGE: &str = include_str!("canary/page.html");

/// Its picture's width and height: more than its text takes up, as no content counts for more than it has pixels, and
/// noise, as nothing counts with less than 0.05 bits for each pixel it is shown on
/// (<https://web.dev/articles/lcp#what-elements-are-considered>).
const PICTURE: (u32, u32) = (320, 200);
/// What it is stretched to.
#[cfg(test)]
const SHOWN: (u32, u32) = (640, 400);

impl Canary {
    /// By what part the p95 seen meanwhile is above the idle one; `None` where either was not seen.
    pub fn drift(&self) -> Option<f64> {
        let (idle, meanwhile) = (p95(&self.idle_ms)?, p95(&self.meanwhile_ms)?);
        (idle > 0.0).then(|| (meanwhile - idle) / idle)
    }

    /// That the browsers were starved, in words: the page of this process's own took longer by more than
    /// [`MOST_DRIFT`].
    pub fn starved(&self) -> Option<String> {
        let drift = self.drift().filter(|drift| *drift > MOST_DRIFT)?;
        Some(format!(
            "the generator's own page, which it serves on loopback, took {:.0} ms at p95 while the crowd was there ({} \
             visits) and {:.0} ms before ({} visits): {:+.0} %, more than {:.0} %. This machine starved its browsers",
            p95(&self.meanwhile_ms)?,
            self.meanwhile_ms.len(),
            p95(&self.idle_ms)?,
            self.idle_ms.len(),
            drift * 100.0,
            MOST_DRIFT * 100.0,
        ))
    }
}

fn p95(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(nearest_rank(values.len() as u64, 0.95) as usize - 1).copied()
}

/// The page on loopback, until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    url: String,
    serving: AbortHandle,
}

/// Serves the page at a free port of loopback.
pub(super) async fn serve() -> io::Result<Server> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let picture = Bytes::from(picture());
    let serving = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, picture.clone()))),
                // No more files, say: later there may be.
                Err(_) => sleep(REST).await,
            }
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(Server { url, serving: serving.abort_handle() })
}

impl Server {
    /// Where the page is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn connection(stream: TcpStream, picture: Bytes) {
    let answering = service_fn(|request: Request<Incoming>| {
        let picture = picture.clone();
        async move { Ok::<_, Infallible>(answer(request.uri().path(), picture).await) }
    });
    // A browser that goes away is no error.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), answering).await);
}

async fn answer(path: &str, picture: Bytes) -> Response<Full<Bytes>> {
    let (status, kind, content) = match path {
        "/" => (StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes())),
        "/picture.bmp" => {
            sleep(HELD_BACK).await;
            (StatusCode::OK, "image/bmp", picture)
        }
        _ => (StatusCode::NOT_FOUND, "text/plain", Bytes::from_static(b"The page is at /.\n")),
    };
    let mut response = Response::new(Full::new(content));
    *response.status_mut() = status;
    for (name, value) in [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")] {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}

/// A bitmap: a file header, `BITMAPINFOHEADER`, 256 greys, and pixels of a byte in rows of a multiple of four
/// (<https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage>).
fn picture() -> Vec<u8> {
    const HEADERS: u32 = 14 + 40 + 4 * 256;
    let (width, height) = PICTURE;
    let pixels = width * height;
    let mut file = b"BM".to_vec();
    for word in [HEADERS + pixels, 0, HEADERS, 40, width, height] {
        file.extend(word.to_le_bytes());
    }
    // One plane, 8 bits a pixel; then no compression, the size, no resolution, all greys.
    file.extend([1, 0, 8, 0]);
    for word in [0, pixels, 0, 0, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend((0..=u8::MAX).flat_map(|grey| [grey, grey, grey, 0]));
    // Marsaglia's xorshift, which any start but 0 will do for.
    let mut noise = 0x2545_F491_u32;
    file.extend((0..pixels).map(|_| {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        (noise >> 24) as u8
    }));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary(idle: &[f64], meanwhile: &[f64]) -> Canary {
        Canary { idle_ms: idle.to_vec(), meanwhile_ms: meanwhile.to_vec(), ..Canary::default() }
    }

    #[test]
    fn drift_is_that_of_the_p95() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let more: Vec<f64> = (1..=100).map(|ms| 1.5 * f64::from(ms)).collect();
        assert_eq!(canary(&hundred, &more).drift(), Some(0.5));
        assert_eq!(canary(&[1_000.0, 1_100.0], &[990.0, 880.0]).drift(), Some(-0.1));
        assert_eq!(canary(&[], &[1.0]).drift(), None);
        assert_eq!(canary(&[1.0], &[]).drift(), None);
        assert_eq!(canary(&[0.0], &[1.0]).drift(), None);
    }

    #[test]
    fn a_fifth_is_allowed() {
        assert_eq!(canary(&[1_000.0], &[1_200.0]).starved(), None);
        assert_eq!(canary(&[1_000.0], &[]).starved(), None);
        let said = canary(&[1_000.0], &[1_000.0, 1_301.0]).starved().expect("it drifted");
        assert!(said.contains("1301 ms") && said.contains("1000 ms") && said.contains("+30 %"), "{said}");
    }

    #[test]
    fn its_picture_is_a_bitmap_with_enough_in_it_to_count() {
        let file = picture();
        let (width, height) = PICTURE;
        assert_eq!(file.len(), 54 + 4 * 256 + (width * height) as usize);
        assert_eq!(width % 4, 0, "rows need no padding");
        assert!(file.len() as f64 * 8.0 / f64::from(SHOWN.0 * SHOWN.1) > 1.0);
    }
}
