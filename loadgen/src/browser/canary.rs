//! A page of this process's own, opened now and then: its work is always the same, so what it takes longer is the
//! browser's doing, which the machine starves.

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
/// How many times what it takes alone it may take. A browser that gets half the processor takes twice as long; beside a
/// moderately busy machine it takes up to half as long again, and two tabs of an idle one differ by a tenth or so.
pub const MOST_TIMES: f64 = 1.75;
/// What it may take longer however many times that is, milliseconds: three frames, which a browser is late by for a
/// screen's sake.
pub const LEAST_MORE_MS: f64 = 50.0;
/// What it may take longer at most, however few times that is, milliseconds: a tenth of LCP's limit. It counts where the
/// processor is throttled, so that the canary's work takes four times as long and so does what is measured.
pub const MOST_MORE_MS: f64 = 250.0;
/// From so many visits on, the slowest is set aside: one hiccup in a quarter of an hour starves nobody.
const SPARED_FROM: usize = 10;
/// For how long its script is held back: by then the tab itself, which costs more than the page does, is up.
const HELD_BACK: Duration = Duration::from_secs(1);
/// Where no more connections are taken in for now, this long until the next.
const REST: Duration = Duration::from_millis(100);

const PAGE: &str = include_str!("canary/page.html");
const WORK: &str = include_str!("canary/work.js");

/// Its picture's width and height: more than its text takes up, as no content counts for more than it has pixels, and
/// noise, as nothing counts with less than 0.05 bits for each pixel it is shown on
/// (<https://web.dev/articles/lcp#what-elements-are-considered>).
const PICTURE: (u32, u32) = (320, 200);
/// What it is stretched to.
#[cfg(test)]
const SHOWN: (u32, u32) = (640, 400);

/// For how long it is held back, milliseconds.
pub fn held_ms() -> f64 {
    HELD_BACK.as_secs_f64() * 1e3
}

impl Canary {
    /// What it took alone beyond being held back, milliseconds: the median, which no hiccup moves.
    pub fn alone_ms(&self) -> Option<f64> {
        let all = self.beyond(&self.idle_ms);
        all.get(nearest_rank(all.len() as u64, 0.5) as usize - 1).copied()
    }

    /// What it took while the crowd was there beyond being held back, milliseconds: the slowest, or the second slowest of
    /// [`SPARED_FROM`] and more. A median would not show what the crowd does at its peak.
    pub fn beside_ms(&self) -> Option<f64> {
        let all = self.beyond(&self.meanwhile_ms);
        all.iter().rev().nth(usize::from(self.spares_one())).copied()
    }

    /// Whether the slowest of those beside the crowd is set aside.
    pub fn spares_one(&self) -> bool {
        self.meanwhile_ms.len() >= SPARED_FROM
    }

    /// How many times as long it took beside the crowd as alone; `None` where it was not seen both ways.
    pub fn times(&self) -> Option<f64> {
        let (alone, beside) = (self.alone_ms()?, self.beside_ms()?);
        (alone > 0.0).then(|| beside / alone)
    }

    /// Whether the browsers were starved: the page of this process's own took longer than it may. Nobody knows where it
    /// was not seen both ways.
    pub fn is_starved(&self) -> Option<bool> {
        let (times, more) = (self.times()?, self.beside_ms()? - self.alone_ms()?);
        Some(more > MOST_MORE_MS || (more > LEAST_MORE_MS && times > MOST_TIMES))
    }

    /// That the browsers were starved, in words.
    pub fn starved(&self) -> Option<String> {
        if !self.is_starved()? {
            return None;
        }
        let which = if self.spares_one() { "the second slowest" } else { "the slowest" };
        Some(format!(
            "the generator's own page, which it serves on loopback, took {:.0} ms beyond the {:.0} ms it is held back while \
             the crowd was there ({which} of {}) and {:.0} ms before (the median of {}): {:.2} times as long, and more than \
             {MOST_TIMES} times or {MOST_MORE_MS:.0} ms more is not allowed. This machine starved its browsers",
            self.beside_ms()?,
            self.held_ms,
            self.meanwhile_ms.len(),
            self.alone_ms()?,
            self.idle_ms.len(),
            self.times()?,
        ))
    }

    /// What each took beyond being held back, in order.
    fn beyond(&self, all: &[f64]) -> Vec<f64> {
        let mut beyond: Vec<f64> = all.iter().map(|ms| (ms - self.held_ms).max(0.0)).collect();
        beyond.sort_by(f64::total_cmp);
        beyond
    }
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
        "/work.js" => {
            sleep(HELD_BACK).await;
            (StatusCode::OK, "text/javascript", Bytes::from_static(WORK.as_bytes()))
        }
        "/picture.bmp" => (StatusCode::OK, "image/bmp", picture),
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
mod tests;
