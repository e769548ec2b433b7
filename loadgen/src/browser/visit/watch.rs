//! A page, followed from the start of its navigation until it is done.

use std::{future::pending, pin::pin};

use engine::clock::{self, Instant};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use crate::{
    browser::{
        Grounds, Order, Trouble,
        cdp::{Event, Session},
        lcp::Told,
        settled::{CAP, Settled},
        waterfall::{Waterfall, host},
    },
    run::{Ended, Film, PageView},
};

use super::{
    camera::Camera,
    console::Console,
    tab::{BINDING, Tab},
};

/// What is seen of a page so far.
pub(super) struct Watch<'a> {
    order: &'a Order,
    waterfall: Waterfall,
    settled: Settled,
    told: Told,
    /// When the page began that went to another: what it still tells is not of that.
    left: f64,
    /// Whether a page told of itself before the browser told that it is there.
    ahead: bool,
    /// Whether a page has loaded that has told nothing.
    mute: bool,
    console: Console,
    /// Why there is no page.
    no_page: Option<String>,
    /// Whether what was drawn is known to be on the screen.
    shown: bool,
}

/// A look at the screen, under way.
type Look<'a> = Option<BoxFuture<'a, Result<Value, Trouble>>>;

impl<'a> Watch<'a> {
    pub(super) fn new(order: &'a Order, grounds: &Grounds) -> Self {
        let named = grounds.hosts.iter().map(|(host, _)| host.to_ascii_lowercase());
        // The canary's host is not named.
        let hosts = named.chain(host(&order.url)).collect();
        Self {
            order,
            waterfall: Waterfall::new(hosts),
            settled: Settled::new(order.done, clock::now()),
            told: Told::default(),
            left: 0.0,
            ahead: false,
            mute: false,
            console: Console::default(),
            no_page: None,
            shown: false,
        }
    }

    /// Goes to the page, and follows it until it is done.
    pub(super) async fn follow(mut self, tab: &mut Tab) -> Result<(PageView, Film), Trouble> {
        let (ears, hands) = (&mut tab.ears, &tab.hands);
        let mut camera = Camera::new(hands, self.order);
        self.settled = Settled::new(self.order.done, clock::now());
        let mut going = pin!(hands.call("Page.navigate", json!({ "url": self.order.url })));
        let (mut answered, mut look) = (false, None);
        let ended = loop {
            let until = if look.is_some() { self.settled.cap() } else { self.settled.look() };
            tokio::select! {
                // What has been told is taken in before it is asked whether nothing was.
                biased;
                event = ears.next() => {
                    let event = event?;
                    let at = event.at;
                    self.take(ears, &mut camera, event).await?;
                    if let Some(ended) = self.ended(at, hands, &mut look) {
                        break ended;
                    }
                }
                answer = &mut going, if !answered => {
                    answered = true;
                    if let Some(why) = no_page(answer)? {
                        break Ended::NoPage(why);
                    }
                }
                () = camera.taken() => {}
                answer = looked(&mut look) => {
                    match answer {
                        Ok(_) | Err(Trouble::Refused { .. }) => {}
                        Err(trouble) => return Err(trouble),
                    }
                    (look, self.shown) = (None, true);
                    self.settled.shown(clock::now());
                }
                () = sleep_until(until) => {
                    if let Some(ended) = self.ended(clock::now(), hands, &mut look) {
                        break ended;
                    }
                }
            }
        };
        if ended == Ended::Capped && self.told.origin == 0.0 {
            if self.mute {
                let method = "Page.addScriptToEvaluateOnNewDocument".to_owned();
                return Err(Trouble::Refused { method, message: "the script told nothing".into() });
            }
            // Nothing has come. The target is slow if the browser is not.
            ears.call("Page.getNavigationHistory", json!({})).await?;
        }
        if ended == Ended::Capped {
            camera.given_up(CAP.as_secs_f64() * 1_000.0);
        }
        let frames = camera.develop().await;
        Ok(self.seen(ended, frames))
    }

    /// How it ended, if it has. A page of which nothing has been told may have nothing to show, or the browser may not
    /// have come to show it: a look at the screen tells, as it comes after all that was drawn before.
    fn ended<'p>(&mut self, at: Instant, page: &'p Session, look: &mut Look<'p>) -> Option<Ended> {
        let ended = self.no_page.take().map(Ended::NoPage).or_else(|| self.settled.ended(at))?;
        if ended != Ended::Settled || self.shown || self.told.lcp.is_some() {
            return Some(ended);
        }
        if look.is_some() && at >= self.settled.cap() {
            return Some(Ended::Capped);
        }
        if look.is_none() {
            let asked =
                json!({ "format": "jpeg", "clip": { "x": 0, "y": 0, "width": 8, "height": 8, "scale": 1 } });
            *look = Some(Box::pin(page.call("Page.captureScreenshot", asked)));
        }
        None
    }

    /// Takes in what the page tells of, and answers what it asks.
    async fn take(
        &mut self,
        page: &Session,
        camera: &mut Camera<'_>,
        Event { method, params, at }: Event,
    ) -> Result<(), Trouble> {
        match method.as_str() {
            "Runtime.bindingCalled" if params["name"] == BINDING => {
                let told = params["payload"].as_str().and_then(|told| serde_json::from_str(told).ok());
                if let Some(told) = told {
                    self.hear(told, camera, at)?;
                }
            }
            "Page.javascriptDialogOpening" => {
                // Whoever wants to leave may.
                let accept = params["type"] == "beforeunload";
                answer(page, "Page.handleJavaScriptDialog", json!({ "accept": accept })).await?;
            }
            "Fetch.requestPaused" => {
                let id = &params["requestId"];
                if self.waterfall.allows(params["request"]["url"].as_str().unwrap_or_default()) {
                    answer(page, "Fetch.continueRequest", json!({ "requestId": id })).await?;
                } else {
                    let fail = json!({ "requestId": id, "errorReason": "BlockedByClient" });
                    answer(page, "Fetch.failRequest", fail).await?;
                }
            }
            "Page.frameNavigated" => {
                let frame = &params["frame"];
                if frame["parentId"].is_null() && frame["unreachableUrl"].is_string() {
                    let why = self.waterfall.no_page();
                    self.no_page = Some(why.unwrap_or_else(|| "the page cannot be reached".into()));
                } else if frame["parentId"].is_null() {
                    self.arrived(frame["loaderId"].as_str().unwrap_or_default(), camera, at);
                }
            }
            // Perhaps that of a page that was left: the end tells.
            "Page.loadEventFired" => self.mute = self.told.origin == 0.0,
            // Its `load` never fires where it had not when it was about to go.
            "Page.frameStoppedLoading" if self.waterfall.stayed(&params["frameId"]) => {
                self.settled.loaded(at);
            }
            "Page.downloadWillBegin" => {
                self.waterfall.downloads();
                self.in_flight(at);
            }
            network if network.starts_with("Network.") => {
                self.waterfall.take(network, &params);
                self.in_flight(at);
            }
            other => self.console.take(other, &params),
        }
        Ok(())
    }

    fn in_flight(&mut self, at: Instant) {
        self.settled.in_flight(self.waterfall.in_flight(), self.waterfall.leaving(), at);
    }

    /// A page is there. Until then the one before was, whatever had been asked for: that it loads, or stays, is its own.
    fn arrived(&mut self, loader: &str, camera: &mut Camera<'_>, at: Instant) {
        self.waterfall.arrived(loader);
        if !std::mem::take(&mut self.ahead) {
            self.left = self.told.origin.max(self.left);
            self.another(camera, at);
        }
        self.in_flight(at);
    }

    /// The page has gone to another: what was seen is not of that.
    fn another(&mut self, camera: &mut Camera<'_>, at: Instant) {
        (self.told, self.shown, self.mute) = (Told::default(), false, false);
        self.settled.another(at);
        camera.forget();
    }

    fn hear(&mut self, told: Told, camera: &mut Camera<'_>, at: Instant) -> Result<(), Trouble> {
        if told.origin <= self.left || told.origin < self.told.origin {
            return Ok(());
        }
        if told.hidden {
            return Err(Trouble::NotShown("its window is hidden".into()));
        }
        if self.told.origin != 0.0 && told.origin > self.told.origin {
            // Another page tells before it was heard that it is there.
            self.another(camera, at);
        }
        if told.origin > self.told.origin {
            self.ahead = true;
        }
        if told.drawn {
            self.settled.loaded(at);
        }
        let largest = |told: &Told| told.lcp.as_ref().map(|candidate| candidate.at);
        if let Some(candidate) = told.lcp.as_ref().filter(|_| largest(&told) != largest(&self.told)) {
            self.settled.candidate(candidate.url.is_some(), at);
            camera.candidate(candidate.at);
        }
        self.told = told;
        Ok(())
    }

    fn seen(self, ended: Ended, frames: Vec<crate::run::Frame>) -> (PageView, Film) {
        // What the browser shows where there is no page is its own.
        let (told, frames) =
            if matches!(ended, Ended::NoPage(_)) { Default::default() } else { (self.told, frames) };
        let (failed_count, failed) = self.waterfall.failures();
        let filmed = self.order.film_later_than.is_some();
        let fetched = if filmed { self.waterfall.fetched(Film::FETCHES_KEPT) } else { Vec::new() };
        let view = PageView {
            at: told.whereabouts(self.order.page),
            ended,
            lcp: told.lcp(),
            fcp_ms: told.fcp,
            ttfb_ms: told.ttfb,
            load_ms: told.load,
            cls: told.cls,
            status: self.waterfall.status(),
            requests: self.waterfall.requests(),
            bytes: self.waterfall.bytes(),
            failed,
            failed_count,
            kept_in: self.waterfall.kept_in(),
            withheld: self.waterfall.withheld(),
            console: self.console.first,
            console_errors: self.console.errors,
        };
        (view, Film { frames, fetched })
    }
}

/// Waits until the look at the screen is over; for ever, where none is under way.
async fn looked(look: &mut Look<'_>) -> Result<Value, Trouble> {
    match look {
        Some(look) => look.await,
        None => pending().await,
    }
}

/// Why the navigation came to no page, if it did not. The answer comes with the first bytes of the page: one that does
/// not come in time is the target's as likely as the browser's, which the end of the visit tells apart.
fn no_page(answer: Result<Value, Trouble>) -> Result<Option<String>, Trouble> {
    match answer {
        Ok(answer) => Ok(answer["errorText"].as_str().map(str::to_owned)),
        Err(Trouble::Hung { .. }) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// Answers what the page asked. It may have given that up meanwhile, which is refused then.
async fn answer(page: &Session, method: &'static str, params: Value) -> Result<(), Trouble> {
    match page.call(method, params).await {
        Ok(_) | Err(Trouble::Refused { .. }) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}
