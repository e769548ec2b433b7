//! Bodies that are cut or slowed down on their way out.

use std::io;

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, sleep_until};

use super::kinds::{Cut, Pace};
use crate::clock;

/// The same answer, whose head still promises the whole body.
pub(super) async fn reshape(response: Response, cut: Option<Cut>, pace: Option<Pace>) -> Response {
    if response.body().is_end_stream() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Handlers make their bodies whole: there is nothing in them that could fail.
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let length = whole.len();
    parts.headers.insert(header::CONTENT_LENGTH, length.into());
    let kept = match cut {
        _ if length == 0 => 0,
        None => length,
        Some(Cut::Half) => length / 2,
        Some(Cut::After(bytes)) => bytes.min(length - 1),
    };
    let sending = Sending { rest: whole.slice(..kept), is_cut: kept < length, pace, due: clock::now() };
    Response::from_parts(parts, Body::from_stream(stream::unfold(sending, next)))
}

/// A body under way.
struct Sending {
    rest: Bytes,
    /// Whether it breaks off where `rest` ends.
    is_cut: bool,
    pace: Option<Pace>,
    /// When its latest piece was due. Moments are absolute: a piece that is late makes no other late.
    due: Instant,
}

async fn next(mut sending: Sending) -> Option<(io::Result<Bytes>, Sending)> {
    if sending.rest.is_empty() {
        if !sending.is_cut {
            return None;
        }
        sending.is_cut = false;
        // Once around, so that what was sent before is flushed before the connection breaks.
        tokio::task::yield_now().await;
        return Some((Err(io::ErrorKind::ConnectionAborted.into()), sending));
    }
    let mut size = sending.rest.len();
    if let Some(pace) = sending.pace {
        size = size.min(pace.piece_bytes);
        sending.due += pace.every;
        sleep_until(sending.due).await;
    }
    let piece = sending.rest.split_to(size);
    Some((Ok(piece), sending))
}
