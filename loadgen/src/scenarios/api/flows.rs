//! The three flows, step by step. A step that fails ends its turn: what would follow needs what it lacks.

use std::{sync::Arc, time::Duration};

use contract::{
    Endpoint, Nothing,
    auth::{Login, LoginInput, LoginOutput, Me, Refresh, RefreshInput, RefreshOutput, load_user_email},
    events::{EventParams, GetEvent, ListEvents, ListEventsParams, SearchEvents, SearchEventsParams},
    subscriptions::{ListPlans, MySubscription, Tier},
};
use engine::{
    driver::{Due, Turn, VirtualUser},
    ends::Ends,
    record::{Fault, FaultKind, TimingId},
};

use super::{Shared, intent::Browse};
use crate::{
    call::{Answer, ensure},
    context::Context,
};

const SECOND: Duration = Duration::from_secs(1);
const HALF_A_SECOND: Duration = Duration::from_millis(500);
/// Entries of a list.
const LIMIT: u32 = 20;

/// Pauses, and says when what follows is due; `None` when the run ends meanwhile. A warm-up (no ends) does not
/// pause.
async fn pause(ends: Option<&Ends>, length: Duration) -> Option<Due> {
    match ends {
        Some(ends) => ends.think(length).await.ok(),
        None => Some(Due::now()),
    }
}

/// Notes whether a request went well, and passes on what came of it.
fn noted<T>(shared: &Shared, context: &Context, answer: Result<Answer<T>, Fault>) -> Option<Answer<T>> {
    context.recorder().share(shared.series.success, answer.is_ok());
    answer.ok()
}

/// Checks a success; a refusal that was asked for has passed already.
fn on_success<T>(
    check: impl FnOnce(&T) -> Result<(), Fault>,
) -> impl FnOnce(&Answer<T>) -> Result<(), Fault> {
    move |answer| match answer {
        Answer::Done(output) => check(output),
        Answer::Refused(_) => Ok(()),
    }
}

/// Login, a second, who am I, a second, new tokens; one in fifty then tries the used token again.
pub(super) struct SigningIn {
    pub(super) shared: Arc<Shared>,
    pub(super) context: Context,
}

impl VirtualUser for SigningIn {
    async fn turn(&mut self, turn: Turn) {
        self.walk(turn.user, turn.due, Some(&turn.ends)).await;
    }
}

impl SigningIn {
    /// `None` when it ended early.
    pub(super) async fn walk(&mut self, n: u64, due: Due, ends: Option<&Ends>) -> Option<()> {
        let intent = self.shared.sign_in(n);
        let login = self.log_in(intent.user, due).await?;
        let due = pause(ends, SECOND).await?;
        self.me(intent.user, &login.access_token, due).await?;
        let due = pause(ends, SECOND).await?;
        self.refresh(&login, due).await?;
        if intent.replays {
            self.replay(&login.refresh_token).await?;
        }
        Some(())
    }

    fn groups(&self) -> [TimingId; 2] {
        [self.shared.series.all, self.shared.series.auth]
    }

    async fn log_in(&mut self, user: u32, due: Due) -> Option<LoginOutput> {
        let (groups, email) = (self.groups(), load_user_email(user));
        let input = LoginInput { email: email.clone(), password: fixtures::PASSWORD.to_owned() };
        let call = self.context.call::<Login>(&Nothing {}).input(&input).due(due).under(&groups);
        let right = on_success(|login: &LoginOutput| {
            ensure(login.user.email == email, "signed in as oneself", || login.user.email.clone())
        });
        let answer = call.checked(right).await;
        noted(&self.shared, &self.context, answer)?.done()
    }

    async fn me(&mut self, user: u32, token: &str, due: Due) -> Option<()> {
        let (groups, member) = (self.groups(), self.shared.world.load_user(user));
        let call = self.context.call::<Me>(&Nothing {}).bearer(token).due(due).under(&groups);
        let answer = call
            .checked(on_success(|me: &<Me as Endpoint>::Output| {
                let oneself = me.id == member.id && me.email == member.email;
                ensure(oneself, "me is the right user", || {
                    format!("{} {}, not {}", me.id, me.email, member.email)
                })
            }))
            .await;
        let refused = matches!(&answer, Err(fault) if matches!(fault.kind, FaultKind::Status(401 | 403)));
        // An overloaded server says nothing about the token.
        if answer.is_ok() || refused {
            self.context.recorder().share(self.shared.series.login_accepted, !refused);
        }
        noted(&self.shared, &self.context, answer).map(drop)
    }

    async fn refresh(&mut self, login: &LoginOutput, due: Due) -> Option<()> {
        let (groups, recorder, id) =
            (self.groups(), self.context.recorder().clone(), self.shared.series.new_token);
        let input = RefreshInput { refresh_token: login.refresh_token.clone() };
        let call = self.context.call::<Refresh>(&Nothing {}).input(&input).due(due).under(&groups);
        let answer = call
            .checked(on_success(|new: &RefreshOutput| {
                let differs =
                    new.refresh_token != login.refresh_token && new.access_token != login.access_token;
                recorder.share(id, differs);
                ensure(differs, "refresh returns a different token", || "the old one came back".to_owned())
            }))
            .await;
        noted(&self.shared, &self.context, answer).map(drop)
    }

    /// The token was used by [`Self::refresh`]; whoever has it now may be a thief.
    async fn replay(&mut self, used: &str) -> Option<()> {
        let (groups, recorder, id) =
            (self.groups(), self.context.recorder().clone(), self.shared.series.replay_refused);
        let input = RefreshInput { refresh_token: used.to_owned() };
        let call = self.context.call::<Refresh>(&Nothing {}).input(&input).under(&groups).or(&[401]);
        let answer = call
            .checked(|answer| {
                let refused = answer.refusal() == Some(401);
                recorder.share(id, refused);
                ensure(refused, "used refresh token refused", || "it was taken again".to_owned())
            })
            .await;
        noted(&self.shared, &self.context, answer).map(drop)
    }
}

/// The list, half a second, one of them, half a second, a search.
pub(super) struct Browsing {
    pub(super) shared: Arc<Shared>,
    pub(super) context: Context,
}

impl VirtualUser for Browsing {
    async fn turn(&mut self, turn: Turn) {
        self.walk(turn.user, turn.due, Some(&turn.ends)).await;
    }
}

impl Browsing {
    /// `None` when it ended early.
    pub(super) async fn walk(&mut self, n: u64, due: Due, ends: Option<&Ends>) -> Option<()> {
        let intent = self.shared.browse(n);
        let chosen = self.list(&intent, due).await?;
        let due = pause(ends, HALF_A_SECOND).await?;
        self.view(chosen, due).await?;
        let due = pause(ends, HALF_A_SECOND).await?;
        self.search(intent.words, due).await
    }

    fn groups(&self) -> [TimingId; 2] {
        [self.shared.series.all, self.shared.series.events]
    }

    /// The id of the listed event that is to be looked at.
    async fn list(&mut self, intent: &Browse, due: Due) -> Option<String> {
        let groups = self.groups();
        let params = ListEventsParams { limit: Some(LIMIT), ..ListEventsParams::default() };
        let call = self.context.call::<ListEvents>(&params).due(due).under(&groups);
        let answer = call
            .checked(on_success(|page: &<ListEvents as Endpoint>::Output| {
                let most = page.total.min(u64::from(LIMIT));
                let full = page.events.len() as u64 == most && most > 0;
                ensure(full, "a full first page", || format!("{} of {}", page.events.len(), page.total))
            }))
            .await;
        let page = noted(&self.shared, &self.context, answer)?.done()?;
        intent.choose(&page.events).map(|event| event.id.clone())
    }

    async fn view(&mut self, event_id: String, due: Due) -> Option<()> {
        let (groups, recorder, id) =
            (self.groups(), self.context.recorder().clone(), self.shared.series.right_event);
        let params = EventParams { event_id };
        let call = self.context.call::<GetEvent>(&params).due(due).under(&groups);
        let answer = call
            .checked(on_success(|event: &<GetEvent as Endpoint>::Output| {
                let same = event.id == params.event_id;
                recorder.share(id, same);
                ensure(same, "the event asked for", || format!("{}, not {}", event.id, params.event_id))
            }))
            .await;
        noted(&self.shared, &self.context, answer).map(drop)
    }

    async fn search(&mut self, words: &str, due: Due) -> Option<()> {
        let groups = self.groups();
        let params = SearchEventsParams { q: words.to_owned() };
        let call = self.context.call::<SearchEvents>(&params).due(due).under(&groups);
        let answer = call
            .checked(on_success(|found: &<SearchEvents as Endpoint>::Output| {
                let whole = found.query == words && found.events.len() as u64 <= found.total;
                ensure(whole, "the answer to this search", || {
                    format!("{:?}: {} of {}", found.query, found.events.len(), found.total)
                })
            }))
            .await;
        noted(&self.shared, &self.context, answer).map(drop)
    }
}

/// The plans, half a second, my own.
pub(super) struct Subscribing {
    pub(super) shared: Arc<Shared>,
    pub(super) context: Context,
}

impl VirtualUser for Subscribing {
    async fn turn(&mut self, turn: Turn) {
        self.walk(turn.user, turn.due, Some(&turn.ends)).await;
    }
}

impl Subscribing {
    /// `None` when it ended early.
    pub(super) async fn walk(&mut self, n: u64, due: Due, ends: Option<&Ends>) -> Option<()> {
        self.plans(due).await?;
        let due = pause(ends, HALF_A_SECOND).await?;
        self.mine(n, due).await
    }

    fn groups(&self) -> [TimingId; 2] {
        [self.shared.series.all, self.shared.series.subscriptions]
    }

    async fn plans(&mut self, due: Due) -> Option<()> {
        let groups = self.groups();
        let call = self.context.call::<ListPlans>(&Nothing {}).due(due).under(&groups);
        let answer = call
            .checked(on_success(|list: &<ListPlans as Endpoint>::Output| {
                let prices = list.plans.iter().map(|plan| plan.price_usd);
                let known = Tier::ALL.map(|tier| f64::from(tier.price_usd()));
                ensure(prices.eq(known), "the four plans at their prices", || {
                    format!(
                        "{:?}",
                        list.plans.iter().map(|plan| (&plan.code, plan.price_usd)).collect::<Vec<_>>()
                    )
                })
            }))
            .await;
        noted(&self.shared, &self.context, answer).map(drop)
    }

    async fn mine(&mut self, n: u64, due: Due) -> Option<()> {
        let groups = self.groups();
        let shared = self.shared.clone();
        let subscriber = shared.subscriber(shared.subscribe(n))?;
        let call = self.context.call::<MySubscription>(&Nothing {}).bearer(&subscriber.token);
        let answer = call
            .due(due)
            .under(&groups)
            .checked(on_success(|mine: &<MySubscription as Endpoint>::Output| {
                let own = mine.user_id == subscriber.id && mine.tier == subscriber.tier;
                ensure(own, "one's own subscription", || format!("{} {:?}", mine.user_id, mine.tier))
            }))
            .await;
        noted(&self.shared, &self.context, answer).map(drop)
    }
}
