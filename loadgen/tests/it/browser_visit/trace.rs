//! A browser's own trace of what it paints, over a connection of the test's own.
//! Source: <https://chromedevtools.github.io/devtools-protocol/tot/Tracing/>

use std::{collections::HashMap, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// Longest that any word of the browser may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A trace that is being made.
pub(super) struct Trace {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Trace {
    pub(super) async fn start(address: &str) -> Self {
        let (socket, _) = connect_async(address).await.expect("the browser takes the connection");
        let mut trace = Self { socket };
        let what = json!({ "includedCategories": ["loading", "blink.user_timing", "devtools.timeline"] });
        trace.ask("Tracing.start", json!({ "transferMode": "ReportEvents", "traceConfig": what })).await;
        while trace.next().await["id"].is_null() {}
        trace
    }

    /// Ends it: when the largest content of each page was painted, by its address, milliseconds from the start of the
    /// navigation.
    pub(super) async fn end(mut self) -> HashMap<String, f64> {
        self.ask("Tracing.end", json!({})).await;
        let mut events: Vec<Value> = Vec::new();
        loop {
            let mut message = self.next().await;
            if message["method"] == "Tracing.tracingComplete" {
                break;
            }
            if let Value::Array(some) = message["params"]["value"].take() {
                events.extend(some);
            }
        }
        painted(&events)
    }

    async fn ask(&mut self, method: &str, params: Value) {
        let message = json!({ "id": 1, "method": method, "params": params });
        self.socket.send(Message::text(message.to_string())).await.expect("the browser listens");
    }

    async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("in time");
            let Message::Text(text) = message.expect("the browser is there").expect("a frame") else {
                continue;
            };
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

/// The last candidate of each navigation. Times of a trace are microseconds.
fn painted(events: &[Value]) -> HashMap<String, f64> {
    let named = |name: &'static str| events.iter().filter(move |event| event["name"] == name);
    let navigation = |event: &Value| event["args"]["data"]["navigationId"].as_str().map(str::to_owned);
    let mut last: HashMap<String, f64> = HashMap::new();
    for event in named("largestContentfulPaint::Candidate") {
        let (Some(navigation), Some(at)) = (navigation(event), event["ts"].as_f64()) else { continue };
        let known = last.entry(navigation).or_insert(at);
        *known = known.max(at);
    }
    let of_page = |event: &Value| {
        let url = event["args"]["data"]["documentLoaderURL"].as_str()?.to_owned();
        let at = last.get(&navigation(event)?)? - event["ts"].as_f64()?;
        Some((url, at / 1_000.0))
    };
    named("navigationStart").filter_map(of_page).collect()
}
