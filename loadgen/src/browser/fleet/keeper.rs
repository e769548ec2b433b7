//! Keeps a browser going: contexts for its visitors, a new start when it is gone, an end that leaves nothing.

use std::{collections::HashMap, panic::AssertUnwindSafe, rc::Rc, time::Duration};

use futures_util::FutureExt as _;
use serde_json::json;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use super::{Asked, Grounds, Known, Limits, Opened, Order, Source, Trouble, process::Process};
use crate::browser::{canary, cdp::Cdp, process, visit::visit};

/// How often a browser that is gone is started again.
const RESTARTS: u64 = 3;
/// How long visits that were given up are waited for at the end.
const LEAVES_WITHIN: Duration = Duration::from_millis(500);

pub(super) struct Keeper {
    source: Source,
    grounds: Grounds,
    limits: Limits,
    canary: canary::Server,
    held: Mutex<Held>,
}

/// The browser, where there is one.
struct Held {
    browser: Option<Browser>,
    restarts: u64,
}

struct Browser {
    cdp: Cdp,
    /// `None` where it is somebody else's.
    process: Option<Process>,
    /// What each visitor's last visit left.
    contexts: HashMap<u64, String>,
}

/// Where a visit takes place.
struct Place {
    cdp: Cdp,
    /// How often the browser had been started again.
    restarts: u64,
    context: String,
    /// Whether it is where the visitor was before.
    returned: bool,
}

impl Keeper {
    pub(super) async fn start(
        source: Source,
        grounds: Grounds,
        limits: Limits,
    ) -> Result<(Rc<Self>, Known), Trouble> {
        let canary = canary::serve().await.map_err(|why| Trouble::Machine(why.to_string()))?;
        let held = Mutex::new(Held { browser: None, restarts: 0 });
        let keeper = Self { source, grounds, limits, canary, held };
        let browser = keeper.launch().await?;
        let version = browser.cdp.call("Browser.getVersion", json!({})).await;
        keeper.held.lock().await.browser = Some(browser);
        match version {
            Ok(version) => {
                let product =
                    version["product"].as_str().unwrap_or("a browser that does not say which").to_owned();
                let canary_url = keeper.canary.url().to_owned();
                Ok((Rc::new(keeper), Known { product, canary_url }))
            }
            Err(trouble) => {
                keeper.end().await;
                Err(trouble)
            }
        }
    }

    /// Serves orders side by side until no more can come and those under way are over.
    pub(super) async fn serve(self: Rc<Self>, mut asked: mpsc::UnboundedReceiver<Asked>) {
        let mut visits = JoinSet::new();
        while let Some(asked) = asked.recv().await {
            visits.spawn_local(self.clone().answer(asked));
            while visits.try_join_next().is_some() {}
        }
        // Nobody waits for them any more: they are about to leave.
        let leave = async { while visits.join_next().await.is_some() {} };
        drop(tokio::time::timeout(LEAVES_WITHIN, leave).await);
    }

    /// Ends the browser, or leaves one that is somebody else's as it was: with the connection end its contexts.
    pub(super) async fn end(&self) {
        let Some(browser) = self.held.lock().await.browser.take() else { return };
        if let Some(process) = browser.process {
            return process.end().await;
        }
        let disposed = browser.contexts.values().map(|context| dispose(&browser.cdp, context));
        drop(tokio::time::timeout(LEAVES_WITHIN, futures_util::future::join_all(disposed)).await);
    }

    async fn answer(self: Rc<Self>, asked: Asked) {
        let Asked { order, mut answer } = asked;
        if answer.is_closed() {
            return;
        }
        let place = match self.place(&order).await {
            Ok(place) => place,
            Err(trouble) => return drop(answer.send(Err(trouble))),
        };
        let attached = matches!(self.source, Source::Running(_));
        let seen = tokio::select! {
            biased;
            // Given up.
            () = answer.closed() => return dispose(&place.cdp, &place.context).await,
            gone = place.cdp.gone() => Err(gone),
            seen = unbroken(visit(&place.cdp, &place.context, &order, &self.grounds, attached)) => seen,
        };
        let seen = seen.map(|(view, film)| Opened { view, film, returned: place.returned });
        if seen.is_ok() {
            self.keep(&place, order.visitor).await;
            drop(answer.send(seen));
        } else {
            drop(answer.send(seen));
            dispose(&place.cdp, &place.context).await;
        }
    }

    /// A context for a visit: the visitor's last one, or one where nothing was left.
    async fn place(&self, order: &Order) -> Result<Place, Trouble> {
        let (cdp, restarts, last) = {
            let mut held = self.held.lock().await;
            let restarts = self.ready(&mut held).await?;
            let browser = held.browser.as_mut().ok_or_else(given_up)?;
            (browser.cdp.clone(), restarts, browser.contexts.remove(&order.visitor))
        };
        let returned = order.returning && last.is_some();
        let context = match last {
            Some(last) if returned => Ok(last),
            last => {
                if let Some(last) = last {
                    dispose(&cdp, &last).await;
                }
                create(&cdp).await
            }
        };
        match context {
            Ok(context) => Ok(Place { cdp, restarts, context, returned }),
            Err(trouble) => {
                if matches!(trouble, Trouble::Hung { .. }) {
                    self.give_up(restarts).await;
                }
                Err(trouble)
            }
        }
    }

    /// Sees to it that there is a browser; how often it was started again until now.
    async fn ready(&self, held: &mut Held) -> Result<u64, Trouble> {
        if held.browser.as_ref().is_some_and(|browser| !browser.cdp.is_gone()) {
            return Ok(held.restarts);
        }
        if let Some(Browser { process: Some(process), .. }) = held.browser.take() {
            process.end().await;
        }
        if held.restarts == RESTARTS {
            return Err(given_up());
        }
        held.restarts += 1;
        held.browser = Some(self.launch().await?);
        Ok(held.restarts)
    }

    /// Ends a browser that does not answer, unless that was done already.
    async fn give_up(&self, restarts: u64) {
        let mut held = self.held.lock().await;
        if held.restarts == restarts
            && let Some(Browser { process: Some(process), .. }) = held.browser.take()
        {
            process.end().await;
        }
    }

    /// Keeps what a visit left for the visitor's next.
    async fn keep(&self, place: &Place, visitor: u64) {
        let mut held = self.held.lock().await;
        if held.restarts == place.restarts
            && let Some(browser) = &mut held.browser
        {
            browser.contexts.insert(visitor, place.context.clone());
        }
    }

    async fn launch(&self) -> Result<Browser, Trouble> {
        let (process, url) = match &self.source {
            Source::Program(program) => {
                let limit = self.limits.start;
                let (process, url) = Process::start(program, &self.grounds, self.canary.url(), limit).await?;
                (Some(process), url)
            }
            Source::Running(at) => (None, process::listening(at, self.limits.answer).await?),
        };
        match Cdp::connect(&url, self.limits.answer).await {
            Ok(cdp) => Ok(Browser { cdp, process, contexts: HashMap::new() }),
            Err(trouble) => {
                if let Some(process) = process {
                    process.end().await;
                }
                Err(trouble)
            }
        }
    }
}

fn given_up() -> Trouble {
    Trouble::Gone(format!("it was started again {RESTARTS} times, and is not any more"))
}

/// A visit's end, also where that is a bug of this program's: whoever waits for it is told.
async fn unbroken<T>(visit: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    AssertUnwindSafe(visit).catch_unwind().await.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or(panic.downcast_ref::<String>().map(String::as_str));
        Err(Trouble::Broken(said.unwrap_or("no words").to_owned()))
    })
}

async fn create(cdp: &Cdp) -> Result<String, Trouble> {
    let method = "Target.createBrowserContext";
    let answer = cdp.call(method, json!({ "disposeOnDetach": true })).await?;
    let refused =
        || Trouble::Refused { method: method.to_owned(), message: "it named no context".to_owned() };
    answer["browserContextId"].as_str().map(str::to_owned).ok_or_else(refused)
}

/// Closes the tabs of a context and forgets what they left. One that is gone is disposed of.
async fn dispose(cdp: &Cdp, context: &str) {
    drop(cdp.call("Target.disposeBrowserContext", json!({ "browserContextId": context })).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_visit_that_panics_says_so() {
        let broken = unbroken::<()>(async { panic!("frame {}", 7) }).await;
        assert_eq!(broken, Err(Trouble::Broken("frame 7".to_owned())));
        assert_eq!(unbroken(async { Ok(7) }).await, Ok(7));
    }
}
