//! A headless Chromium of a test's own, driven over the Chrome `DevTools` Protocol.
//! Source: <https://chromedevtools.github.io/devtools-protocol/tot/>

use std::process::Stdio;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longest that anything may take. Only a page that is broken comes near it: a test that fails ends, too.
const PATIENCE: Duration = Duration::from_mins(2);

/// Switches beside the port, the profile and root's: no window, no word to anybody outside.
const SWITCHES: [&str; 8] = [
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
];

/// A browser with one page. What the page complained of is kept.
pub(crate) struct Browser {
    child: Child,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    calls: u64,
    complaints: Vec<String>,
    address: String,
    /// Its profile; after the child, so that it is removed after it ended.
    _profile: TempDir,
}

impl Browser {
    /// The browser that `TEST_CHROMIUM` names (`tests/provide.sh` sets it). Without one there is nothing to test
    /// with: says so and returns nothing.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// The same, with more switches.
    pub(crate) async fn start_with(switches: &[&str]) -> Option<Self> {
        let program = crate::provided::named("TEST_CHROMIUM")?;
        let profile = tempfile::tempdir().expect("a directory for the profile");
        let mut command = Command::new(&program);
        command.args(SWITCHES).args(switches).arg(format!("--user-data-dir={}", profile.path().display()));
        if is_root() {
            command.arg("--no-sandbox");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("TEST_CHROMIUM can be started");
        let address = within("the browser's address", announced(&mut child)).await;
        let (socket, _) = connect_async(&address).await.expect("the browser takes the connection");
        let mut browser = Self {
            child,
            socket,
            session: None,
            calls: 0,
            complaints: Vec::new(),
            address,
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, json!({})).await;
        }
        Some(browser)
    }

    /// Where it listens, for others who drive it: `ws://…`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Goes to an address.
    pub(crate) async fn open(&mut self, url: &str) {
        let gone = self.call("Page.navigate", json!({ "url": url })).await;
        assert_eq!(gone["errorText"], Value::Null, "{url}");
        self.until("document.readyState === 'complete'").await;
    }

    /// The value of an expression, awaited if it is a promise.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let answer = self.call("Runtime.evaluate", asked).await;
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true, looked at whenever the document changes.
    pub(crate) async fn until(&mut self, condition: &str) {
        let watch = format!(
            "new Promise((done) => {{
                const holds = () => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }};
                const watch = new MutationObserver(look);
                function look() {{ if (holds()) {{ watch.disconnect(); done(true); }} }}
                watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
                addEventListener('load', look);
                look();
            }})"
        );
        println!("waiting until {condition}");
        self.value(&watch).await;
    }

    /// Types text into what has the focus.
    pub(crate) async fn types(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses and lets go of a key.
    pub(crate) async fn presses(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// A method of the protocol, and what it answered.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(message.to_string())).await.expect("the browser listens");
        let mut answer = within(method, self.answer()).await;
        assert_eq!(answer["error"], Value::Null, "{method}");
        answer["result"].take()
    }

    /// The answer to the last call; events that come before it are looked through.
    async fn answer(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.expect("the browser is there").expect("a frame");
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["id"] == self.calls {
                return message;
            }
            self.complaints.extend(complaint(&message));
        }
    }

    /// Ends the browser; answers with errors, exceptions, and breaches of the content security policy since its
    /// start.
    pub(crate) async fn end(mut self) -> Vec<String> {
        self.session = None;
        self.call("Browser.close", json!({})).await;
        within("the browser's end", self.child.wait()).await.expect("it ended");
        self.complaints
    }
}

/// What an event complains of, if it does. A breach of the policy comes as an entry of the log.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if ["error", "warning", "assert"].contains(&params["type"].as_str()?) => {
            Some(params["args"].to_string())
        }
        "Log.entryAdded" if params["entry"]["level"] == "error" => Some(params["entry"].to_string()),
        _ => None,
    }
}

/// Where the browser says that it listens.
async fn announced(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.expect("the browser's words") {
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            let address = address.to_owned();
            // Read on, so that the browser can write on.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return address;
        }
        said = said + &line + "\n";
    }
    panic!("the browser ended:\n{said}");
}

/// Whether this is root, who may not use the sandbox.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0)
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what} never came"))
}
