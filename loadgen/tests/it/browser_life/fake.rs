//! A browser that is none: it speaks the protocol and does what a test's script says.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::{SinkExt as _, StreamExt as _};
use loadgen::browser::Source;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// What it does when it is asked something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// It answers as a browser does for which no page can be reached.
    Answer,
    /// The same, after much that is nothing of the protocol.
    Noise,
    /// It answers, and closes the connection.
    AnswerAndClose,
    /// It refuses.
    Refuse,
    /// It answers that a page is there, which tells this of itself.
    Shows(&'static str),
    /// It says nothing, and its tabs crash.
    Crash,
    /// It closes the connection without a word.
    Close,
    /// It says nothing.
    Nothing,
}

/// What was asked, and by which connection; they are counted from 0.
type Script = dyn Fn(usize, &str) -> Does + Send + Sync;

/// One that listens until it is dropped.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    heard: Heard,
    serving: JoinHandle<()>,
}

/// What it was asked, in order.
#[derive(Clone)]
struct Heard {
    asked: Arc<Mutex<Vec<Value>>>,
    count: Arc<watch::Sender<usize>>,
}

impl Fake {
    pub(crate) async fn start(script: impl Fn(usize, &str) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let heard = Heard { asked: Arc::default(), count: Arc::new(watch::Sender::new(0)) };
        let serving = tokio::spawn(serve(listener, heard.clone(), Arc::new(script)));
        Self { address, heard, serving }
    }

    /// As it is attached to.
    pub(crate) fn source(&self) -> Source {
        Source::Running(format!("http://{}", self.address))
    }

    /// Where it says that it listens.
    pub(crate) fn url(&self) -> String {
        url(self.address)
    }

    /// The parameters of every call of a method.
    pub(crate) fn heard(&self, method: &str) -> Vec<Value> {
        let asked = self.heard.asked.lock().expect("nobody panicked");
        asked.iter().filter(|asked| asked["method"] == method).map(|asked| asked["params"].clone()).collect()
    }

    /// Waits until it was asked this so many times.
    pub(crate) async fn hears(&self, method: &str, times: usize) {
        let mut count = self.heard.count.subscribe();
        super::within(method, count.wait_for(|_| self.heard(method).len() >= times))
            .await
            .expect("it listens");
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/devtools/browser/0")
}

async fn serve(listener: TcpListener, heard: Heard, script: Arc<Script>) {
    let mut connections = 0;
    while let Ok((stream, _)) = listener.accept().await {
        let mut start = [0; 17];
        let known = stream.peek(&mut start).await.is_ok() && start == *b"GET /json/version";
        let address = stream.local_addr().expect("it is connected");
        if known {
            let version = json!({ "Browser": "Fake/1.0", "webSocketDebuggerUrl": url(address) });
            drop(says(stream, &version.to_string()).await);
        } else if let Ok(socket) = accept_async(stream).await {
            tokio::spawn(converse(socket, connections, heard.clone(), script.clone()));
            connections += 1;
        }
    }
}

/// Answers one request of HTTP, which it gives back. A connection without one is left at that.
pub(crate) async fn says(mut stream: TcpStream, body: &str) -> io::Result<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await? > 0 {}
    if request.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await?;
    stream.shutdown().await?;
    Ok(String::from_utf8_lossy(&request).into_owned())
}

async fn converse(
    mut socket: WebSocketStream<TcpStream>,
    connection: usize,
    heard: Heard,
    script: Arc<Script>,
) {
    let mut sessions: Vec<String> = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let asked: Value = serde_json::from_str(&text).expect("JSON");
        let method = asked["method"].as_str().expect("it names a method").to_owned();
        let does = script(connection, &method);
        heard.asked.lock().expect("nobody panicked").push(asked.clone());
        heard.count.send_modify(|count| *count += 1);
        let id = &asked["id"];
        let result = usual(&method, id);
        if let Some(session) = result["sessionId"].as_str() {
            sessions.push(session.to_owned());
        }
        let answer = json!({ "id": id, "result": result }).to_string();
        let says: Vec<Message> = match does {
            Does::Nothing => Vec::new(),
            Does::Close => return,
            Does::Answer | Does::AnswerAndClose => vec![answer.into()],
            Does::Shows(told) => {
                let shown = sessions.iter().flat_map(|session| shown(session, told));
                [there(id)].into_iter().chain(shown).collect()
            }
            Does::Noise => noise().into_iter().chain([answer.into()]).collect(),
            Does::Refuse => {
                let error = json!({ "code": -32000, "message": "not today" });
                vec![json!({ "id": id, "error": error }).to_string().into()]
            }
            Does::Crash => {
                let crash = |session| json!({ "method": "Inspector.targetCrashed", "sessionId": session });
                sessions.iter().map(|session| crash(session).to_string().into()).collect()
            }
        };
        for message in says {
            if socket.send(message).await.is_err() {
                return;
            }
        }
        if does == Does::AnswerAndClose {
            return;
        }
    }
}

/// What a browser answers. What it names is named after the call.
fn usual(method: &str, id: &Value) -> Value {
    match method {
        "Browser.getVersion" => json!({ "product": "Fake/1.0", "userAgent": "Fake" }),
        "Target.createBrowserContext" => json!({ "browserContextId": format!("C{id}") }),
        "Target.createTarget" => json!({ "targetId": format!("T{id}") }),
        "Target.attachToTarget" => json!({ "sessionId": format!("S{id}") }),
        "Page.navigate" => json!({ "frameId": "F", "errorText": "net::ERR_CONNECTION_REFUSED" }),
        _ => json!({}),
    }
}

/// The answer that a page is there.
fn there(id: &Value) -> Message {
    json!({ "id": id, "result": { "frameId": "F", "loaderId": "L" } }).to_string().into()
}

/// What a tab tells as a page comes up in it, which tells this of itself.
fn shown(session: &str, told: &str) -> [Message; 4] {
    let url = "http://staging.example/";
    let asked = json!({
        "requestId": "L", "loaderId": "L", "frameId": "F", "type": "Document", "timestamp": 1.0,
        "request": { "url": url },
    });
    let answered = json!({ "requestId": "L", "timestamp": 1.1, "response": { "status": 200 } });
    let arrived = json!({ "frame": { "id": "F", "loaderId": "L", "url": url } });
    let told = json!({ "name": "told", "payload": told });
    [
        ("Network.requestWillBeSent", asked),
        ("Network.responseReceived", answered),
        ("Page.frameNavigated", arrived),
        ("Runtime.bindingCalled", told),
    ]
    .map(|(method, params)| {
        json!({ "method": method, "sessionId": session, "params": params }).to_string().into()
    })
}

fn noise() -> Vec<Message> {
    let texts = [
        "",
        "{",
        "[]",
        "0",
        "null",
        "{\"id\":4711,\"result\":{}}",
        "{\"id\":-1}",
        "{\"method\":\"No.such\"}",
        "{\"method\":\"Page.loadEventFired\",\"sessionId\":\"nobody's\"}",
        "{\"method\":{}}",
    ];
    let mut noise: Vec<Message> = texts.into_iter().map(Message::text).collect();
    noise.push(Message::binary(vec![0, 159, 146, 150]));
    noise.push(Message::Ping(vec![1].into()));
    noise
}
