//! A visitor with a real browser: one look at a page, then a pause.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use contract::pages;
use engine::{
    clock,
    driver::{Due, Turn, VirtualUser},
    ends::Stage,
    record::Fault,
};
use http::{HeaderMap, Method};

use super::{
    Shared,
    browsers::{Browsers, Left},
    look::{Errand, Look, PAUSE},
    visit::Page,
    visitor::{Session, Visitor, address},
};
use crate::{
    browser::{Cookie, Device, Fleet, Order},
    context::Context,
    http::Outgoing,
    run::{Outcome, Seen},
    target::Target,
};

/// Somebody who looks at one page, as a person sees it.
pub(super) struct Surfer {
    browsers: Arc<Browsers>,
    shared: Arc<Shared>,
    /// Signs in as every visitor does.
    visitor: Visitor,
}

/// A visit, and when it was due.
struct Visiting {
    number: u64,
    due: Due,
}

impl VirtualUser for Surfer {
    async fn turn(&mut self, turn: Turn) {
        let Some(fleet) = self.browsers.fleet() else {
            turn.ends.reached(Stage::Leaving).await;
            return;
        };
        let visit = Visiting { number: turn.user, due: turn.due };
        let signing_in = match self.browsers.looks.errand(turn.user, &self.shared.log) {
            Errand::Canary => self.canary(&fleet, &visit).await,
            Errand::Look(look) => self.look(&fleet, &visit, look).await,
        };
        // Whoever has signed in has paused: so the plan can tell how many looks there are at least.
        let _ = turn.ends.think(PAUSE.saturating_sub(signing_in)).await;
    }
}

impl Surfer {
    pub(super) fn new(browsers: Arc<Browsers>, shared: Arc<Shared>, context: Context) -> Self {
        let visitor = Visitor::new(shared.clone(), context);
        Self { browsers, shared, visitor }
    }

    /// Says how long it took to sign in: nobody does.
    async fn canary(&self, fleet: &Fleet, visit: &Visiting) -> Duration {
        let began = self.browsers.since_start(visit.due.at, clock::now());
        if let Err(why) = self.browsers.canary(fleet, self.browsers.visitor(visit.number)).await {
            self.count_trouble(visit.number, began, &why);
        }
        Duration::ZERO
    }

    /// Says how long it took to sign in.
    async fn look(&mut self, fleet: &Fleet, visit: &Visiting, look: Look) -> Duration {
        let (came, visitor) = (clock::now(), self.browsers.visitor(visit.number));
        let left = self.browsers.take_left(visitor).filter(|_| look.returning);
        let returning = left.is_some();
        let Left { session, at } = match left {
            Some(left) => left,
            None => self.arrive(&look, visit.due).await,
        };
        let signing_in = clock::now().saturating_duration_since(came);
        let (page, device) = (look.page.shown(session.is_some()), look.device);
        let name = pages::name(address(&page).0);
        let at_s = self.browsers.since_start(visit.due.at, clock::now());
        let order = match self.order(visitor, device, &page, session.as_ref(), &at) {
            Ok(order) => Order { returning, ..order },
            Err(fault) => {
                self.record(name, at_s, Outcome::Missing(fault.detail));
                return signing_in;
            }
        };
        match fleet.open(order).await {
            Ok(opened) => {
                let seen = Seen {
                    number: visit.number,
                    at_s,
                    page: name.to_owned(),
                    device,
                    returning: opened.returned,
                    signed_in: session.is_some(),
                    view: opened.view,
                };
                self.record(name, at_s, seen.view.outcome());
                self.browsers.seen(seen, opened.film);
                self.browsers.leave(visitor, Left { session, at });
            }
            Err(trouble) => {
                let why = format!("{name}: {trouble}");
                self.count_trouble(visit.number, at_s, &why);
                self.browsers.lost(why);
            }
        }
        signing_in
    }

    /// Somebody new, signed in if they are a member. Whoever cannot sign in looks on like anybody else.
    async fn arrive(&mut self, look: &Look, due: Due) -> Left {
        if let Some(member) = look.member {
            self.visitor.sign_in(member, due).await;
        }
        let at = self.visitor.context().connector().target().clone();
        Left { session: self.visitor.session(), at }
    }

    /// The look as the browser is told of it: the request that any visitor would send.
    fn order(
        &self,
        visitor: u64,
        device: Device,
        page: &Page,
        session: Option<&Session>,
        at: &Target,
    ) -> Result<Order, Fault> {
        let (route, path) = address(page);
        let mut outgoing = Outgoing {
            method: Method::GET,
            path,
            signed: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            trace: None,
        };
        self.visitor.context().adapt(route, &mut outgoing)?;
        let origin = at.elsewhere(route).map_or(at, AsRef::as_ref);
        let mut headers = outgoing.headers;
        headers.extend(origin.world_header());
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let cookies = session
            .map(|session| Cookie { name: pages::TOKEN_COOKIE.to_owned(), value: session.token.clone() });
        Ok(Order {
            page: Some(pages::name(route)),
            headers: headers.collect(),
            cookies: cookies.into_iter().collect(),
            ..self.browsers.order(visitor, format!("{origin}{}", outgoing.path), device)
        })
    }

    fn record(&self, page: &str, at_s: f64, outcome: Outcome) {
        let (series, recorder) = (self.shared.series, self.visitor.context().recorder());
        recorder.share(series.lcp_reported, matches!(outcome, Outcome::Lcp(_)));
        match outcome {
            Outcome::Lcp(took) => recorder.value(series.lcp, took),
            Outcome::Missing(why) => {
                recorder.counter(series.lcp_missing, || format!("{page} at {at_s:.1} s: {why}"));
            }
        }
    }

    fn count_trouble(&self, number: u64, at_s: f64, why: &str) {
        let recorder = self.visitor.context().recorder();
        recorder
            .counter(self.shared.series.browser_troubles, || format!("visit {number} at {at_s:.1} s: {why}"));
    }
}
