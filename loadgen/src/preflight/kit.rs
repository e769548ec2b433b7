//! What all probes have at hand: how to connect, whom to sign in as, and what others found out.

use std::{cell::RefCell, collections::BTreeMap, fmt, sync::Arc, time::Duration};

use contract::{
    Endpoint as _,
    auth::Login,
    events::ListEvents,
    rtc::{JoinSession, VideoToken},
    sfu::{NewSession, NewTracks},
    subscriptions::Tier,
};
use fixtures::World;

use super::{findings::Trouble, reply::Question};
use crate::http::{Client, Connector, Limits};

/// How long one probe may take.
pub(super) const EACH: Duration = Duration::from_secs(5);

/// Load users left alone: others check with them that the world is there.
const FIRST_MEMBER: u32 = 2;

/// Something that one probe finds out and another needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// A member's access token.
    MemberToken,
    /// An event that is listed.
    Event,
    /// Token of the live session.
    SessionToken,
    /// Token of its socket.
    SocketToken,
    /// Token of its video.
    VideoToken,
    /// The SFU application.
    App,
    /// The SFU session that publishes.
    Publisher,
    /// The SFU session that subscribes.
    Subscriber,
    /// What the SFU offers to the subscriber.
    Offer,
}

impl Thing {
    /// The route that gives it.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::MemberToken => Login::ROUTE,
            Self::Event => ListEvents::ROUTE,
            Self::SessionToken | Self::SocketToken => JoinSession::ROUTE,
            Self::VideoToken | Self::App => VideoToken::ROUTE,
            Self::Publisher | Self::Subscriber => NewSession::ROUTE,
            Self::Offer => NewTracks::ROUTE,
        }
    }
}

/// What probes share.
pub struct Kit {
    connector: Connector,
    pub(super) nonce: Arc<str>,
    pub(super) stripe_secret: String,
    /// Whom to sign in as.
    pub(super) member: fixtures::Member,
    found: RefCell<BTreeMap<Thing, String>>,
}

/// Without the secret and the tokens that were found.
impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit")
            .field("connector", &self.connector)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}

impl Kit {
    /// Probes of the target that `connector` reaches and that holds `world`. `nonce` sets their rows apart.
    pub fn new(connector: &Connector, world: &World, nonce: Arc<str>, stripe_secret: String) -> Self {
        let limits = Limits { timeout: EACH, ..connector.limits() };
        Self {
            connector: connector.with_limits(limits),
            nonce,
            stripe_secret,
            member: member(world),
            found: RefCell::default(),
        }
    }

    /// A connection of its own.
    pub(super) fn client(&self) -> Client {
        Client::new(self.connector.clone())
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    pub(super) fn to<E: contract::Endpoint>(&self, params: &E::Params) -> Question<E> {
        let target = self.connector.target();
        let connector = target.elsewhere(E::ROUTE).map(|part| self.connector.to(part.clone()));
        let client = Client::new(connector.unwrap_or_else(|| self.connector.clone()));
        Question::new(client, params, target.account(E::ROUTE).cloned())
    }

    /// Remembers what was found, if it was.
    pub(super) fn keep(&self, thing: Thing, found: Option<String>) {
        if let Some(found) = found {
            self.found.borrow_mut().insert(thing, found);
        }
    }

    /// What another probe found.
    pub(super) fn need(&self, thing: Thing) -> Result<String, Trouble> {
        let found = self.found.borrow().get(&thing).cloned();
        found.ok_or(Trouble::NotAsked { needs: thing.source() })
    }
}

/// A load user with a subscription, so that there is one to be looked at; any, where nobody has one.
fn member(world: &World) -> fixtures::Member {
    let members = world.size().members;
    let pays = |n: &u32| world.load_user(*n).tier != Tier::Free;
    let n = (FIRST_MEMBER..members).find(pays).unwrap_or(members.saturating_sub(1).min(FIRST_MEMBER));
    world.load_user(n)
}
