//! What a page loads, from what its browser tells of the network (`Network.*`). Pure.
//!
//! The browser's times are seconds of a monotonic clock of its own; they are told from when the document was asked for.
//! A page that goes to another by itself starts anew once that is there: the one it arrives at is what is measured. Where
//! it never arrives, as at a download or an answer without content, it is still the page.
//! Source: <https://chromedevtools.github.io/devtools-protocol/tot/Network/>

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::run::Fetched;

/// Failures that are told in words.
const FAILURES_KEPT: usize = 5;

/// What one page has loaded and is loading.
#[derive(Debug)]
pub(super) struct Waterfall {
    /// Hosts that are asked; others are kept from.
    hosts: HashSet<String>,
    /// The page's frame, the browser's name for its loading, and where it is from.
    frame: Option<String>,
    loader: String,
    origin: String,
    /// When the document was asked for, seconds of the browser's clock.
    began: f64,
    rows: Vec<Row>,
    /// Rows whose end has not come, by the browser's name for the request.
    open: HashMap<String, usize>,
    kept_in: BTreeSet<String>,
    /// The page that was asked for last and is not there yet.
    coming: Option<String>,
    /// Whether the page was about to go to another, which never came.
    stayed: bool,
}

/// One request. Times in seconds of the browser's clock.
#[derive(Debug)]
struct Row {
    /// What the page that asked is named by; the page itself asks for itself.
    loader: String,
    /// The browser's name for it.
    id: String,
    url: String,
    kind: String,
    start: f64,
    first_byte: Option<f64>,
    status: Option<u16>,
    bytes: u64,
    cached: bool,
    /// Whether it is the page itself.
    document: bool,
    end: End,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
enum End {
    /// Not yet.
    Open,
    /// It was there.
    There(f64),
    /// It failed, and why.
    Failed(f64, String),
    /// The page gave it up.
    Dropped(f64),
    /// It was for a host that is not asked.
    KeptIn(f64),
}

impl Waterfall {
    /// Nothing yet. `hosts` are those that are asked, in lower case.
    pub(super) fn new(hosts: HashSet<String>) -> Self {
        Self {
            hosts,
            frame: None,
            loader: String::new(),
            origin: String::new(),
            began: 0.0,
            rows: Vec::new(),
            open: HashMap::new(),
            kept_in: BTreeSet::new(),
            coming: None,
            stayed: false,
        }
    }

    /// Takes in what the browser tells.
    pub(super) fn take(&mut self, method: &str, params: &Value) {
        let id = params["requestId"].as_str().unwrap_or_default();
        match method {
            "Network.requestWillBeSent" => self.asked(id, params),
            "Network.requestServedFromCache" => {
                if let Some(row) = self.row(id) {
                    row.cached = true;
                }
            }
            "Network.responseReceived" => {
                if let Some(row) = self.row(id) {
                    row.answered(&params["response"], time(params));
                }
                // Without content: it stays where it is.
                if matches!(params["response"]["status"].as_u64(), Some(204 | 205)) {
                    self.stays(id);
                }
            }
            "Network.dataReceived" => {
                if let Some(row) = self.row(id) {
                    row.bytes += bytes(params);
                }
            }
            "Network.loadingFinished" => {
                if let Some(row) = self.row(id) {
                    row.bytes = bytes(params);
                }
                self.end(id, End::There(time(params)));
            }
            "Network.loadingFailed" => self.failed(id, params),
            _ => {}
        }
    }

    /// The page of this loading is there: from now on it is what is measured.
    pub(super) fn arrived(&mut self, loader: &str) {
        (self.coming, self.stayed) = (None, false);
        let Some(first) = self.rows.iter().find(|row| row.document && row.loader == loader) else { return };
        self.began = first.start;
        loader.clone_into(&mut self.loader);
        self.rows.retain(|row| row.loader == loader);
        let last = self.rows.iter().rfind(|row| row.document);
        self.origin = last.map(|row| origin(&row.url).to_owned()).unwrap_or_default();
        let open = self.rows.iter().enumerate().filter(|(_, row)| row.end == End::Open);
        self.open = open.map(|(at, row)| (row.id.clone(), at)).collect();
    }

    /// What the page went to is kept as a file: it stays where it is.
    pub(super) fn downloads(&mut self) {
        self.stayed |= self.coming.take().is_some();
    }

    /// Whether the page is about to go to another.
    pub(super) fn leaving(&self) -> bool {
        self.coming.is_some()
    }

    /// Whether this frame is the page's, which was about to go to another and stays.
    pub(super) fn stayed(&self, frame: &Value) -> bool {
        self.stayed && self.coming.is_none() && frame.as_str() == self.frame.as_deref()
    }

    fn stays(&mut self, id: &str) {
        if self.coming.as_deref() == Some(id) {
            (self.coming, self.stayed) = (None, true);
        }
    }

    /// Whether a request for this may leave the browser.
    pub(super) fn allows(&self, url: &str) -> bool {
        host(url).is_none_or(|host| self.hosts.contains(&host))
    }

    fn asked(&mut self, id: &str, params: &Value) {
        let url = params["request"]["url"].as_str().unwrap_or_default();
        if host(url).is_none() {
            return;
        }
        let at = time(params);
        let redirected = self.open.contains_key(id);
        if redirected {
            let response = &params["redirectResponse"];
            if let Some(row) = self.row(id) {
                row.answered(response, at);
                row.bytes = bytes(response);
            }
            self.end(id, End::There(at));
        }
        let frame = params["frameId"].as_str();
        let document = params["type"] == "Document"
            && params["loaderId"] == params["requestId"]
            && (self.frame.is_none() || self.frame.as_deref() == frame);
        let loader = params["loaderId"].as_str().unwrap_or_default();
        if document && self.frame.is_none() {
            self.frame = frame.map(str::to_owned);
            loader.clone_into(&mut self.loader);
            self.began = at;
        } else if document && loader != self.loader {
            self.coming = Some(id.to_owned());
        }
        if document && loader == self.loader {
            origin(url).clone_into(&mut self.origin);
        }
        self.open.insert(id.to_owned(), self.rows.len());
        let kind = params["type"].as_str().unwrap_or("Other").to_owned();
        self.rows.push(Row {
            loader: loader.to_owned(),
            id: id.to_owned(),
            url: url.to_owned(),
            kind,
            start: at,
            first_byte: None,
            status: None,
            bytes: 0,
            cached: false,
            document,
            end: End::Open,
        });
    }

    fn failed(&mut self, id: &str, params: &Value) {
        self.stays(id);
        let at = time(params);
        let Some(row) = self.open.get(id).and_then(|at| self.rows.get(*at)) else { return };
        let foreign = host(&row.url).filter(|host| !self.hosts.contains(host));
        let end = if let Some(foreign) = foreign {
            self.kept_in.insert(foreign);
            End::KeptIn(at)
        } else if params["canceled"] == true || (row.document && params["errorText"] == "net::ERR_ABORTED") {
            End::Dropped(at)
        } else {
            End::Failed(at, params["errorText"].as_str().unwrap_or("failed").to_owned())
        };
        self.end(id, end);
    }

    fn row(&mut self, id: &str) -> Option<&mut Row> {
        self.open.get(id).and_then(|at| self.rows.get_mut(*at))
    }

    fn end(&mut self, id: &str, end: End) {
        if let Some(row) = self.open.remove(id).and_then(|at| self.rows.get_mut(at)) {
            row.end = end;
        }
    }

    /// Requests whose answer has not come.
    pub(super) fn in_flight(&self) -> usize {
        self.open.len()
    }

    /// Status of the page itself.
    pub(super) fn status(&self) -> Option<u16> {
        let page = self.rows.iter().rfind(|row| row.document && row.loader == self.loader);
        page.and_then(|row| row.status)
    }

    /// Why there is no page, where the browser says.
    pub(super) fn no_page(&self) -> Option<String> {
        match &self.rows.iter().rfind(|row| row.document)?.end {
            End::Failed(_, why) => Some(why.clone()),
            _ => None,
        }
    }

    /// Requests that were sent.
    pub(super) fn requests(&self) -> u64 {
        self.rows.iter().filter(|row| !matches!(row.end, End::KeptIn(_))).count() as u64
    }

    /// Bytes that came for them.
    pub(super) fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| row.bytes).sum()
    }

    /// How many failed, and the first few in words.
    pub(super) fn failures(&self) -> (u64, Vec<String>) {
        let failed = self.rows.iter().filter_map(|row| {
            let url = self.told(&row.url);
            match (&row.end, row.status) {
                (End::Failed(_, why), _) => Some(format!("{url}: {why}")),
                (_, Some(status @ 400..)) => Some(format!("{url}: {status}")),
                _ => None,
            }
        });
        let mut failed: Vec<_> = failed.collect();
        let count = failed.len() as u64;
        failed.truncate(FAILURES_KEPT);
        (count, failed)
    }

    /// Hosts that were not asked.
    pub(super) fn kept_in(&self) -> Vec<String> {
        self.kept_in.iter().cloned().collect()
    }

    /// The first requests, in the order they were made.
    pub(super) fn fetched(&self, most: usize) -> Vec<Fetched> {
        self.rows.iter().take(most).map(|row| self.fetch(row)).collect()
    }

    fn fetch(&self, row: &Row) -> Fetched {
        // A tenth of a millisecond is fine enough.
        let ms = |at: f64| ((at - self.began) * 10_000.0).round().max(0.0) / 10.0;
        let (end, failed) = match &row.end {
            End::Open => (None, None),
            End::There(at) => (Some(*at), None),
            End::Failed(at, why) => (Some(*at), Some(why.clone())),
            End::Dropped(at) => (Some(*at), Some("the page gave it up".into())),
            End::KeptIn(at) => (Some(*at), Some("not sent: another host".into())),
        };
        Fetched {
            url: self.told(&row.url).to_owned(),
            kind: row.kind.clone(),
            start_ms: ms(row.start),
            first_byte_ms: row.first_byte.map(ms),
            end_ms: end.map(ms),
            status: row.status,
            bytes: row.bytes,
            cached: row.cached,
            failed,
        }
    }

    /// An address, without the origin where that is the page's.
    fn told<'a>(&self, url: &'a str) -> &'a str {
        url.strip_prefix(&self.origin).filter(|rest| rest.starts_with('/')).unwrap_or(url)
    }
}

impl Row {
    fn answered(&mut self, response: &Value, at: f64) {
        self.status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        self.cached |= response["fromDiskCache"] == true || response["fromPrefetchCache"] == true;
        // `receiveHeadersStart` counts from `requestTime`, in milliseconds; what was kept has neither.
        let timing = &response["timing"];
        let first = timing["requestTime"].as_f64().zip(timing["receiveHeadersStart"].as_f64());
        self.first_byte = first.map(|(request, ms)| request + ms / 1_000.0).or(Some(at));
    }
}

fn time(params: &Value) -> f64 {
    params["timestamp"].as_f64().unwrap_or_default()
}

fn bytes(of: &Value) -> u64 {
    of["encodedDataLength"].as_f64().unwrap_or_default().max(0.0) as u64
}

/// Scheme, host and port of what is asked over the network; nothing where it is not, as of `data:`.
fn origin(url: &str) -> &str {
    let Some(at) = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme)).map(str::len)
    else {
        return "";
    };
    let length = url[at..].find(['/', '?', '#']).unwrap_or(url.len() - at);
    &url[..at + length]
}

/// The host that is asked, in lower case and an IPv6 address without its brackets; `None` where none is.
pub(super) fn host(url: &str) -> Option<String> {
    let authority = origin(url).split_once("://")?.1;
    let named = authority.rsplit_once('@').map_or(authority, |(_, named)| named);
    let host = match named.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => named.split_once(':').map_or(named, |(host, _)| host),
    };
    Some(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
