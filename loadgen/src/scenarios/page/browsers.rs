//! Real browsers beside the crowd: started before it comes, sent from page to page, ended when it has gone.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::bail;
use engine::{
    clock::Instant,
    curve::Curve,
    goal::Goal,
    load::{Flow, Load},
};
use futures_util::future::join_all;

use super::{LINGER, account::Account, goals::Series, look::Looks, visitor::Session};
use crate::{
    browser::{Company, Device, Done, Fleet, Grounds, Order, Throttle},
    run::{BrowserAccount, Film, Outcome, PageView, Seen},
    target::Target,
    words::number,
};

/// How often each browser opens the canary before the crowd comes.
const IDLE_ROUNDS: usize = 3;

/// The browsers, and what has become of their visits.
pub(super) struct Browsers {
    company: Arc<Company>,
    pub(super) looks: Looks,
    fleet: Mutex<State>,
    account: Mutex<Account>,
    /// What the last look of each visitor has left.
    left: Mutex<Vec<Option<Left>>>,
    /// When the first visits were due: the scenario's start.
    start: OnceLock<Instant>,
}

/// Where the browser is.
enum State {
    /// Not yet there.
    Awaited,
    There(Arc<Fleet>),
    /// It did not start, and why.
    Failed(String),
    /// Ended, for the scenario is over.
    Over,
}

/// What a look leaves for the one that returns: its cache and cookies, which are the browser's, and this.
#[derive(Clone)]
pub(super) struct Left {
    pub(super) session: Option<Session>,
    /// The server it was at.
    pub(super) at: Target,
}

impl Browsers {
    pub(super) fn new(company: Arc<Company>, looks: Looks) -> Self {
        let left = vec![None; usize::try_from(company.visitors).unwrap_or_default()];
        Self {
            account: Mutex::new(Account::new(&company)),
            company,
            looks,
            fleet: Mutex::new(State::Awaited),
            left: Mutex::new(left),
            start: OnceLock::new(),
        }
    }

    /// Their flow: as many all the time, each visit waited for however slow it is.
    pub(super) fn flow(&self) -> Flow {
        let heads = Curve::flat(self.company.visitors as f64, self.looks.seconds);
        Flow::new("browsers", Load::Visitors(heads)).linger(LINGER)
    }

    /// Starts the browser, where `target` is all it can reach, and sees how long its canary takes while nobody is
    /// there. An error when there must be one.
    pub(super) async fn start(&self, target: &Target) -> anyhow::Result<()> {
        match self.started(target).await {
            Ok(fleet) => *locked(&self.fleet) = State::There(Arc::new(fleet)),
            Err(why) if self.company.required => bail!("no real browser can visit: {why}"),
            Err(why) => *locked(&self.fleet) = State::Failed(why),
        }
        Ok(())
    }

    async fn started(&self, target: &Target) -> Result<Fleet, String> {
        let mut hosts = target.hosts();
        hosts.extend_from_slice(&self.company.hosts);
        let grounds = Grounds { hosts, own_roots: self.company.own_roots };
        let fleet =
            Fleet::start(&self.company.source, grounds).await.map_err(|trouble| trouble.to_string())?;
        // A browser's first pages are slow whatever the machine does: they would excuse starving it later.
        self.all_canaries(&fleet).await?;
        let mut idle_ms = Vec::new();
        for _ in 0..IDLE_ROUNDS {
            idle_ms.extend(self.all_canaries(&fleet).await?);
        }
        locked(&self.account).started(fleet.product(), idle_ms);
        Ok(fleet)
    }

    /// The canary, opened by all visitors at once.
    async fn all_canaries(&self, fleet: &Fleet) -> Result<Vec<f64>, String> {
        let all = (0..self.company.visitors).map(|visitor| self.open_canary(fleet, visitor));
        let seen = join_all(all).await.into_iter().collect::<Result<_, _>>();
        seen.map_err(|why| format!("its canary was not seen: {why}"))
    }

    /// The browser, if it is there.
    pub(super) fn fleet(&self) -> Option<Arc<Fleet>> {
        match &*locked(&self.fleet) {
            State::There(fleet) => Some(fleet.clone()),
            State::Awaited | State::Failed(_) | State::Over => None,
        }
    }

    /// The last visit has ended: so does the browser.
    pub(super) fn end(&self) {
        let mut state = locked(&self.fleet);
        if matches!(*state, State::There(_)) {
            *state = State::Over;
        }
    }

    /// Which of the visitors makes visit `n`.
    pub(super) fn visitor(&self, n: u64) -> u64 {
        n % self.company.visitors
    }

    /// Takes what the visitor's last look has left, so that it is returned to once.
    pub(super) fn take_left(&self, visitor: u64) -> Option<Left> {
        locked(&self.left).get_mut(place(visitor))?.take()
    }

    /// A look has come to its end and leaves this.
    pub(super) fn leave(&self, visitor: u64, left: Left) {
        if let Some(place) = locked(&self.left).get_mut(place(visitor)) {
            *place = Some(left);
        }
    }

    /// What every visit has in common; as it is, a look at a page of the target's.
    pub(super) fn order(&self, visitor: u64, url: String, device: Device) -> Order {
        Order {
            url,
            page: None,
            cookies: Vec::new(),
            headers: Vec::new(),
            visitor,
            returning: false,
            device,
            throttle: self.company.throttle,
            film_later_than: Some(locked(&self.account).film_later_than()),
            done: Done::Quiet,
        }
    }

    /// Opens the canary for a visitor, beside what its looks leave.
    pub(super) async fn canary(&self, fleet: &Fleet, visitor: u64) -> Result<(), String> {
        let seen = self.open_canary(fleet, visitor).await;
        let mut account = locked(&self.account);
        match seen {
            Ok(took_ms) => account.add_canary(took_ms),
            Err(why) => {
                let why = format!("canary: {why}");
                account.lose_canary(why.clone());
                return Err(why);
            }
        }
        Ok(())
    }

    /// How long the canary's LCP took, milliseconds, or why there is none. Whatever happens is the browser's doing, which
    /// has the processor it has at all visits.
    async fn open_canary(&self, fleet: &Fleet, visitor: u64) -> Result<f64, String> {
        let order = Order {
            film_later_than: None,
            done: Done::Loaded,
            ..self.order(visitor + self.company.visitors, fleet.canary_url().to_owned(), Device::Desktop)
        };
        let opened = fleet.open(order).await.map_err(|trouble| trouble.to_string())?;
        of_canary(&opened.view)
    }

    /// When a visit that was due at `due` began, seconds from the scenario's start: the first ones are due then.
    pub(super) fn since_start(&self, due: Instant, began: Instant) -> f64 {
        began.saturating_duration_since(*self.start.get_or_init(|| due)).as_secs_f64()
    }

    /// A look has ended.
    pub(super) fn seen(&self, seen: Seen, film: Film) {
        locked(&self.account).add(seen, film);
    }

    /// A look came to nothing through the browser's own fault.
    pub(super) fn lost(&self, trouble: String) {
        locked(&self.account).lose(trouble);
    }

    /// What whoever reads the plan or the report must know.
    pub(super) fn notes(&self) -> Vec<String> {
        let (visitors, looks) = (self.company.visitors, self.looks.planned_looks());
        let mut notes = vec![format!(
            "{} beside them: at least {} page views, one visit in {} a canary's.",
            real_browsers(visitors),
            number(looks),
            crate::browser::canary::EVERY
        )];
        match &*locked(&self.fleet) {
            State::Awaited => {}
            State::Failed(why) => notes.push(format!("None of them came: {why}.")),
            State::There(_) | State::Over => notes.extend(locked(&self.account).notes()),
        }
        if self.company.throttle != Throttle::None {
            notes.insert(1, format!("Their network and processor are throttled: {}.", self.company.throttle));
        }
        notes
    }

    /// What they saw; `None` where none came.
    pub(super) fn report(&self) -> Option<BrowserAccount> {
        match &*locked(&self.fleet) {
            State::There(_) | State::Over => Some(locked(&self.account).report()),
            State::Awaited | State::Failed(_) => None,
        }
    }

    /// Goals that take a browser are not measured where none came, and invalid where the browser fell short: starved, or
    /// kept from a part of the page, it may paint late, and it may not come to paint what counts at all.
    pub(super) fn review(&self, series: Series, goals: &mut [Goal]) {
        let not_there = match &*locked(&self.fleet) {
            State::There(_) | State::Over => None,
            State::Failed(why) => Some(format!("no real browser visited: {why}")),
            State::Awaited => Some("no real browser visited: it was over before".to_owned()),
        };
        for goal in goals.iter_mut().filter(|goal| series.takes_a_browser(goal)) {
            if let Some(why) = &not_there {
                *goal = goal.clone().not_measured(why);
            } else if let Some(why) = locked(&self.account).flaw() {
                *goal = goal.clone().invalid(why);
            }
        }
    }
}

fn of_canary(view: &PageView) -> Result<f64, String> {
    match view.outcome() {
        Outcome::Lcp(took) => Ok(took.as_secs_f64() * 1e3),
        Outcome::Missing(why) => Err(why),
    }
}

fn real_browsers(visitors: u64) -> String {
    if visitors == 1 { "1 real browser".to_owned() } else { format!("{} real browsers", number(visitors)) }
}

fn place(visitor: u64) -> usize {
    usize::try_from(visitor).unwrap_or(usize::MAX)
}

/// Whatever somebody panicked over, the rest goes on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
