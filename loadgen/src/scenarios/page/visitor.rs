//! A visitor: a browser with one kept connection, and somebody in front of it who thinks.

use std::sync::Arc;

use contract::{
    Endpoint as _, Nothing,
    auth::{Login, LoginInput, load_user_email},
    dashboard::GetDashboard,
    endpoint::split_route,
    events::{ListEvents, ListEventsParams},
    instructors::{ListInstructors, ListInstructorsParams},
    pages,
    search::{Search, SearchParams},
};
use engine::{
    clock,
    driver::{Due, Turn, VirtualUser},
    record::{Fault, FaultKind, Sample, TimingId},
};
use http::{HeaderValue, StatusCode, header};

use super::{
    Shared,
    fetched::{asset, is_asset, is_page},
    visit::Page,
};
use crate::{
    call::{Answer, Asset, ensure},
    context::Context,
};

/// Entries of a list on a page.
const LIMIT: u32 = 20;

/// Somebody who browses.
pub(super) struct Visitor {
    shared: Arc<Shared>,
    context: Context,
    session: Option<Session>,
    /// What the browser keeps of each of [`pages::ASSETS`], once it has it.
    cached: [Option<HeaderValue>; pages::ASSETS.len()],
}

/// A signed-in visitor's.
#[derive(Clone)]
pub(super) struct Session {
    email: String,
    pub(super) token: String,
}

impl VirtualUser for Visitor {
    async fn turn(&mut self, turn: Turn) {
        let visit = self.shared.visit(turn.user);
        let mut due = turn.due;
        if let Some(member) = visit.member {
            self.sign_in(member, due).await;
            due = Due::now();
        }
        let last = visit.views.len() - 1;
        for (place, view) in visit.views.iter().enumerate() {
            self.view(&view.page, due).await;
            if place == last {
                return;
            }
            match turn.ends.think(view.think).await {
                Ok(next) => due = next,
                Err(_) => return,
            }
        }
    }
}

impl Visitor {
    pub(super) fn new(shared: Arc<Shared>, context: Context) -> Self {
        Self { shared, context, session: None, cached: [const { None }; pages::ASSETS.len()] }
    }

    /// What it holds.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Who it is signed in as, if anybody.
    pub(super) fn session(&self) -> Option<Session> {
        self.session.clone()
    }

    /// Signs in; one who cannot browses on like anybody else.
    pub(super) async fn sign_in(&mut self, member: u32, due: Due) {
        let series = self.shared.series;
        let email = load_user_email(member);
        let input = LoginInput { email: email.clone(), password: fixtures::PASSWORD.to_owned() };
        let call = self.context.call::<Login>(&Nothing {}).input(&input).due(due);
        let answer = call
            .under(&[series.all])
            .checked(|answer| match answer {
                Answer::Done(login) => {
                    ensure(login.user.email == email, "signed in as oneself", || login.user.email.clone())
                }
                Answer::Refused(_) => Ok(()),
            })
            .await;
        self.context.recorder().share(series.login_success, answer.is_ok());
        let answer = self.watched(answer).ok().and_then(Answer::done);
        self.session = answer.map(|login| Session { email, token: login.access_token });
    }

    /// Opens a page: its HTML, what that names, and the API call that fills it in. The page's time counts from
    /// when it was due to the last answer.
    pub(super) async fn view(&mut self, page: &Page, due: Due) {
        // Whoever could not sign in has no dashboard.
        let page = if *page == Page::Dashboard && self.session.is_none() { &Page::Home } else { page };
        let sent = clock::now();
        let outcome = self.load(page, due).await;
        let series = self.shared.series;
        let recorder = self.context.recorder();
        recorder.share(series.page_success, outcome.is_ok());
        recorder.timing(&[series.page], Sample::new(due, sent, clock::now(), outcome));
    }

    /// A browser goes on when an asset is missing; a page without its HTML is none.
    async fn load(&mut self, page: &Page, due: Due) -> Result<(), Fault> {
        self.html(page, due).await?;
        let assets = self.assets().await;
        let content = self.content(page).await;
        assets.and(content)
    }

    async fn html(&mut self, page: &Page, due: Due) -> Result<(), Fault> {
        let (route, path) = address(page);
        let cookie =
            self.session.as_ref().map(|session| format!("{}={}", pages::TOKEN_COOKIE, session.token));
        let groups = [self.shared.series.all];
        let mut fetch = self.context.fetch(route, path).due(due).under(&groups);
        if let Some(cookie) = cookie {
            fetch = fetch.header(header::COOKIE, cookie);
        }
        let answer = fetch.checked(|html| is_page(route, html)).await;
        self.watched(answer).map(drop)
    }

    /// The first page's assets come in parallel, later ones are only asked whether they changed, one after
    /// another on the one connection (over HTTP/2 at once: it costs no socket).
    async fn assets(&mut self) -> Result<(), Fault> {
        let first = self.cached.iter().all(Option::is_none);
        let at_once =
            if first || self.context.client_for(pages::CSS).is_http2() { pages::ASSETS.len() } else { 1 };
        let wanted: Vec<Asset> =
            pages::ASSETS.iter().zip(&self.cached).map(|(route, tag)| asset(route, tag.as_ref())).collect();
        let groups = [self.shared.series.all];
        let mut outcome = Ok(());
        for (turn, some) in wanted.chunks(at_once).enumerate() {
            let answers = self.context.burst(Due::now(), some, &groups, is_asset).await;
            for (place, answer) in answers.into_iter().enumerate() {
                match self.watched(answer) {
                    Ok(received) if received.status == StatusCode::OK => {
                        self.cached[turn * at_once + place] = received.headers.get(header::ETAG).cloned();
                    }
                    Ok(_) => {}
                    Err(fault) => outcome = outcome.and(Err(fault)),
                }
            }
        }
        outcome
    }

    /// What the page's script asks for.
    async fn content(&mut self, page: &Page) -> Result<(), Fault> {
        match page {
            Page::Home => Ok(()),
            Page::Events => self.events().await,
            Page::Instructors => self.instructors().await,
            Page::Search(words) => self.search(words).await,
            Page::Dashboard => self.dashboard().await,
        }
    }

    async fn events(&mut self) -> Result<(), Fault> {
        let params = ListEventsParams { limit: Some(LIMIT), ..ListEventsParams::default() };
        let (groups, token) = (self.api_groups(), self.token());
        let mut call = self.context.call::<ListEvents>(&params).under(&groups);
        if let Some(token) = &token {
            call = call.bearer(token);
        }
        let answer = call
            .checked(|answer| match answer {
                Answer::Done(page) => listed(page.events.len(), page.total),
                Answer::Refused(_) => Ok(()),
            })
            .await;
        self.watched(answer).map(drop)
    }

    async fn instructors(&mut self) -> Result<(), Fault> {
        let params = ListInstructorsParams { limit: Some(LIMIT), ..ListInstructorsParams::default() };
        let groups = self.api_groups();
        let call = self.context.call::<ListInstructors>(&params).under(&groups);
        let answer = call
            .checked(|answer| match answer {
                Answer::Done(page) => listed(page.instructors.len(), page.total),
                Answer::Refused(_) => Ok(()),
            })
            .await;
        self.watched(answer).map(drop)
    }

    async fn search(&mut self, words: &str) -> Result<(), Fault> {
        let params = SearchParams { q: words.to_owned(), limit: Some(LIMIT), ..SearchParams::default() };
        let groups = [self.shared.series.all];
        let call = self.context.call::<Search>(&params).under(&groups);
        let answer = call
            .checked(|answer| match answer {
                Answer::Done(page) => {
                    ensure(page.results.len() <= LIMIT as usize, "at most as many as asked for", || {
                        format!("{} results", page.results.len())
                    })
                }
                Answer::Refused(_) => Ok(()),
            })
            .await;
        self.watched(answer).map(drop)
    }

    async fn dashboard(&mut self) -> Result<(), Fault> {
        let Some(session) = self.session.clone() else { return Ok(()) };
        let groups = self.api_groups();
        let call = self.context.call::<GetDashboard>(&Nothing {}).bearer(&session.token).under(&groups);
        let answer = call
            .checked(|answer| match answer {
                Answer::Done(board) => {
                    ensure(board.user.email == session.email, "one's own dashboard", || {
                        board.user.email.clone()
                    })
                }
                Answer::Refused(_) => Ok(()),
            })
            .await;
        self.watched(answer).map(drop)
    }

    fn api_groups(&self) -> [TimingId; 2] {
        [self.shared.series.all, self.shared.series.api]
    }

    fn token(&self) -> Option<String> {
        self.session.as_ref().map(|session| session.token.clone())
    }

    /// Passes an answer on, and counts it when it is one the target must never give.
    fn watched<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        answer.inspect_err(|fault| {
            if matches!(fault.kind, FaultKind::Status(500..)) {
                self.context.recorder().counter(self.shared.series.server_errors, || fault.detail.clone());
            }
        })
    }
}

/// A page's one name, and where it is.
pub(super) fn address(page: &Page) -> (&'static str, String) {
    let route = match page {
        Page::Home => pages::HOME,
        Page::Events => pages::EVENTS,
        Page::Instructors => pages::INSTRUCTORS,
        Page::Search(_) => pages::SEARCH,
        Page::Dashboard => pages::DASHBOARD,
    };
    let path = split_route(route).1;
    let Page::Search(words) = page else { return (route, path.to_owned()) };
    let api = Search::path(&SearchParams { q: words.clone(), ..SearchParams::default() });
    let query = api.split_once('?').map_or("", |(_, query)| query);
    (route, format!("{path}?{query}"))
}

/// A first page: something, and no more than was asked for or than there is.
fn listed(shown: usize, total: u64) -> Result<(), Fault> {
    let most = total.min(u64::from(LIMIT));
    ensure(shown as u64 == most && shown > 0, "a full first page", || format!("{shown} of {total}"))
}
