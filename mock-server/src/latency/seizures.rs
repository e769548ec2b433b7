//! Brown-outs under way: which servers are held by nobody, until when, and on whose account.

use super::model::{Model, Queues};
use super::pools::Moment;

/// On whose account servers are seized. Each is greater than the one before; when the next comes, what the one
/// before had seized is given back, and nothing is seized for that one any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Owner(u64);

impl Owner {
    /// The one after this.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What is seized. It is kept by the pools' names, so that it outlives a change of the profile.
#[derive(Debug, Default)]
pub(super) struct Seizures {
    owner: Owner,
    kept: Vec<Seizure>,
}

#[derive(Debug)]
struct Seizure {
    pool_name: String,
    servers: usize,
    until: Moment,
}

impl Seizures {
    /// Lets `owner` take the place of the one before, whose servers are given back. Whether it is its turn.
    pub(super) fn pass_to(&mut self, owner: Owner, queues: &mut Queues, now: Moment) -> bool {
        if owner > self.owner {
            self.owner = owner;
            self.kept.clear();
            queues.release(now);
        }
        owner == self.owner
    }

    /// Seizes servers of a pool, and remembers it. Whether there is such a pool.
    pub(super) fn add(
        &mut self,
        model: &Model,
        queues: &mut Queues,
        now: Moment,
        (pool_name, servers, until): (&str, usize, Moment),
    ) -> bool {
        let Some(pool) = place(model, pool_name) else { return false };
        queues.seize(now, pool, servers, until);
        self.kept.retain(|seizure| seizure.until > now);
        self.kept.push(Seizure { pool_name: pool_name.to_owned(), servers, until });
        true
    }

    /// Seizes what is not over in the queues of another model, as far as it has pools of those names.
    pub(super) fn carry_over(&self, model: &Model, queues: &mut Queues, now: Moment) {
        for seizure in self.kept.iter().filter(|seizure| seizure.until > now) {
            if let Some(pool) = place(model, &seizure.pool_name) {
                queues.seize(now, pool, seizure.servers, seizure.until);
            }
        }
    }
}

fn place(model: &Model, pool_name: &str) -> Option<usize> {
    model.pool_names().position(|name| name == pool_name)
}
