//! A target whose live sessions use another SFU than its own.

use std::{net::ToSocketAddrs, sync::Arc};

use fixtures::targets::Roots;

use super::{Origin, Place, Target, TargetError};
use crate::{
    safety,
    sfu::{Account, Choice},
};

/// Where it is, and whose account pays for it where it has a price.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sfu {
    pub(super) at: Arc<Target>,
    pub(super) account: Option<Account>,
}

impl Target {
    /// The same target, whose live sessions use the SFU chosen. A host that is not this machine must be among those
    /// `confirmed`.
    pub fn with_sfu(self, choice: &Choice, confirmed: &[String]) -> Result<Self, TargetError> {
        match choice {
            Choice::Target => Ok(self),
            Choice::At(url) => self.with_sfu_at(url, None, confirmed),
            Choice::Cloudflare => {
                let (account, origin) = Account::from_env()?;
                self.with_sfu_at(&origin, Some(account), confirmed)
            }
        }
    }

    /// The same, given the SFU's origin and the account there; without one it takes the API's video tokens.
    pub fn with_sfu_at(
        self,
        url: &str,
        account: Option<Account>,
        confirmed: &[String],
    ) -> Result<Self, TargetError> {
        let refused = |why| TargetError::Sfu { sfu: url.to_owned(), why };
        let origin = Origin::read(url).ok_or_else(|| super::asked::unreadable(url))?;
        safety::sfu_host(&origin.host).map_err(refused)?;
        let typed = confirmed.iter().find(|typed| **typed == origin.host).or(confirmed.first());
        let sent = || format!("That sends calls and media of live sessions to {}", origin.host);
        safety::confirmed(&origin.host, typed.map(String::as_str), sent).map_err(refused)?;
        let unresolved = |source| TargetError::Unresolved { host: origin.host.clone(), source };
        let addresses: Vec<_> =
            (origin.host.as_str(), origin.port).to_socket_addrs().map_err(unresolved)?.collect();
        for address in &addresses {
            safety::address(&origin.host, address.ip()).map_err(refused)?;
        }
        let away = !safety::is_this_machine(&origin.host);
        let at = Self {
            name: url.to_owned(),
            environment: None,
            origin: Origin { addresses, ..origin },
            // An account's SFU knows nothing of a mock's worlds.
            world: self.world.clone().filter(|_| account.is_none()),
            deployment: None,
            roots: if away { Roots::System } else { self.roots.clone() },
            elsewhere: Arc::default(),
            also: Arc::default(),
            sfu: None,
            recipe: Arc::default(),
        };
        let sfu = Some(Arc::new(Sfu { at: Arc::new(at), account }));
        let server = |server: &Arc<Self>| Arc::new(Self { sfu: sfu.clone(), ..server.as_ref().clone() });
        Ok(Self { also: Arc::new(self.also.iter().map(server).collect()), sfu: sfu.clone(), ..self })
    }

    /// Where its live sessions' SFU is, when that was asked for.
    pub fn other_sfu(&self) -> Option<&Self> {
        self.sfu.as_ref().map(|sfu| sfu.at.as_ref())
    }

    /// Whether calls of this route go to the SFU that was asked for instead of the target's own.
    pub(crate) fn goes_to_other_sfu(&self, route: &'static str) -> bool {
        self.sfu.is_some() && Place::of(route) == Place::Sfu
    }

    /// The account that signs calls of this route.
    pub(crate) fn account(&self, route: &'static str) -> Option<&Account> {
        self.sfu.as_ref().filter(|_| Place::of(route) == Place::Sfu)?.account.as_ref()
    }

    /// Whether an account pays for live sessions.
    pub fn is_paid_for(&self) -> bool {
        self.sfu.as_ref().is_some_and(|sfu| sfu.account.is_some())
    }
}
