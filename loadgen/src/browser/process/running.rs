//! A browser that runs already: where it listens.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::Trouble;
use crate::browser::loopback;

/// The most that it may say of itself.
const VERSION_BYTES: usize = 64 * 1024;

/// The `ws://` address to connect to, of this machine's loopback as the one given.
pub(in crate::browser) async fn listening(at: &str, limit: Duration) -> Result<String, Trouble> {
    let not_reached = |why| Trouble::NotReached { at: at.to_owned(), why };
    let address = loopback::address(at).map_err(not_reached)?;
    if address.scheme_str() == Some("ws") {
        return Ok(at.to_owned());
    }
    let url = match tokio::time::timeout(limit, announced(&address)).await {
        Ok(url) => url.map_err(not_reached)?,
        Err(_) => return Err(not_reached(format!("no answer within {} s", limit.as_secs_f64()))),
    };
    match loopback::address(&url) {
        Ok(address) if address.scheme_str() == Some("ws") => Ok(url),
        _ => Err(not_reached(format!("it says it listens at {url}"))),
    }
}

/// What `/json/version` says.
async fn announced(address: &Uri) -> Result<String, String> {
    let authority = address.authority().map(ToString::to_string).unwrap_or_default();
    let stream = loopback::connect(address).await.map_err(|e| e.to_string())?;
    let (mut sender, connection) =
        http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let asking = async {
        let request = Request::get("/json/version").header(header::HOST, authority).body(Empty::new());
        let answer = sender.send_request(request.map_err(|e| e.to_string())?).await;
        let answer = answer.map_err(|e| e.to_string())?;
        let body = Limited::new(answer.into_body(), VERSION_BYTES).collect().await;
        let body = body.map_err(|e| e.to_string())?.to_bytes();
        let version: Value = serde_json::from_slice(&body).unwrap_or_default();
        let url = version["webSocketDebuggerUrl"].as_str();
        url.map(str::to_owned).ok_or_else(|| "its /json/version names no webSocketDebuggerUrl".to_owned())
    };
    let mut connection = std::pin::pin!(connection);
    let mut asking = std::pin::pin!(asking);
    tokio::select! {
        url = &mut asking => url,
        // It may end with the answer.
        _ = &mut connection => asking.await,
    }
}
