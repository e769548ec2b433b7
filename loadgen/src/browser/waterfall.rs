//! What a page loads, from what its browser tells of the network (`Network.*`). Pure.
//!
//! The browser's times are seconds of a monotonic clock of its own; they are told from when the document was asked for.
//! A page that goes to another by itself starts anew once that is there: the one it arrives at is what is measured. Where
//! it never arrives, as at a download or an answer without content, it is still the page.
//! Source: <https://chromedevtools.github.io/devtools-protocol/tot/Network/>

mod address;
mod row;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

pub(super) use self::address::host;
use self::{
    address::origin,
    row::{End, Row},
};
use crate::{run::Fetched, scrub::scrub_query};

/// What a page is made of, as the browser calls it: kept from one of these it is not the page that people see. What it
/// reports (`Ping`, `Fetch`, `XHR`) may be missing.
const MADE_OF: [&str; 6] = ["Document", "Stylesheet", "Script", "Font", "Image", "Media"];
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

    /// Hosts that were not asked for what the page is made of, each once.
    pub(super) fn withheld(&self) -> Vec<String> {
        let kept_in = self.rows.iter().filter(|row| matches!(row.end, End::KeptIn(_)));
        let made_of = kept_in.filter(|row| MADE_OF.contains(&row.kind.as_str()));
        made_of.filter_map(|row| host(&row.url)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The first requests, in the order they were made.
    pub(super) fn fetched(&self, most: usize) -> Vec<Fetched> {
        self.rows.iter().take(most).map(|row| row.told(self.began, self.told(&row.url))).collect()
    }

    /// An address, without the origin where that is the page's, and without what it may be signed with.
    fn told(&self, url: &str) -> String {
        let rest = url.strip_prefix(&self.origin).filter(|rest| rest.starts_with('/'));
        scrub_query(rest.unwrap_or(url))
    }
}

fn time(params: &Value) -> f64 {
    params["timestamp"].as_f64().unwrap_or_default()
}

fn bytes(of: &Value) -> u64 {
    of["encodedDataLength"].as_f64().unwrap_or_default().max(0.0) as u64
}

#[cfg(test)]
mod tests;
