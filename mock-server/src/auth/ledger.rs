//! Which tokens are good, and a journal of what was promised about them.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::tokens::Claims;

/// Which tokens are good. A sign-in begins a family; the family has one refresh token that is good, the one
/// issued last. A family that is not in the book is over, so a revoked one needs no room.
#[derive(Default)]
pub(super) struct Ledger {
    families: HashMap<String, Family>,
    /// Families by when they end, to let go of them then.
    ends: BTreeSet<(i64, String)>,
    journal: Journal,
}

struct Family {
    /// Id of the refresh token that is good.
    refresh: String,
    /// When that one ends, Unix seconds.
    exp: i64,
}

/// What was done with tokens, in order; the oldest entries give way.
#[derive(Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
}

/// Something done with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A refresh token was traded for a new pair.
    Traded { family: String, jti: String },
    /// A family was declared over.
    FamilyRevoked { family: String },
}

/// How trading a refresh token ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trade {
    /// It was good, and is used up now.
    Good,
    /// It was used before: somebody has a copy, so its family is over now.
    Replayed,
    /// Its family is over.
    Revoked,
}

impl Ledger {
    /// Families that are kept; beyond that the one that ends soonest gives way.
    const MAX_FAMILIES: usize = 500_000;
    /// Entries of the journal that are kept.
    const MAX_JOURNAL: usize = 200_000;

    /// Begins the family of a refresh token.
    pub(super) fn begin(&mut self, refresh: &Claims) {
        self.expire(refresh.iat);
        if self.families.len() >= Self::MAX_FAMILIES
            && let Some((_, oldest)) = self.ends.pop_first()
        {
            self.families.remove(&oldest);
        }
        self.put(refresh);
    }

    fn put(&mut self, refresh: &Claims) {
        let family = Family { refresh: refresh.jti.clone(), exp: refresh.exp };
        self.ends.insert((refresh.exp, refresh.family_id.clone()));
        self.families.insert(refresh.family_id.clone(), family);
    }

    fn take(&mut self, family: &str) -> Option<Family> {
        let taken = self.families.remove(family)?;
        self.ends.remove(&(taken.exp, family.to_owned()));
        Some(taken)
    }

    /// Lets go of what has ended by `now` (Unix seconds).
    fn expire(&mut self, now: i64) {
        while self.ends.first().is_some_and(|(exp, _)| *exp <= now) {
            if let Some((_, family)) = self.ends.pop_first() {
                self.families.remove(&family);
            }
        }
    }

    /// Trades a refresh token for its successor; at most one of many who try gets through.
    pub(super) fn trade(&mut self, old: &Claims, successor: &Claims) -> Trade {
        match self.families.get(&old.family_id) {
            None => Trade::Revoked,
            Some(family) if family.refresh == old.jti => {
                self.take(&old.family_id);
                self.put(successor);
                self.note(Entry::Traded { family: old.family_id.clone(), jti: old.jti.clone() });
                Trade::Good
            }
            Some(_) => {
                self.revoke_family(&old.family_id);
                Trade::Replayed
            }
        }
    }

    /// Trades a refresh token without looking whether it was used: a planted defect. Its family must be open.
    pub(super) fn trade_unchecked(&mut self, old: &Claims, successor: &Claims) -> Trade {
        self.take(&old.family_id);
        self.put(successor);
        self.note(Entry::Traded { family: old.family_id.clone(), jti: old.jti.clone() });
        Trade::Good
    }

    /// Declares a family over: none of its tokens is good any more.
    pub(super) fn revoke_family(&mut self, family: &str) {
        self.take(family);
        self.note(Entry::FamilyRevoked { family: family.to_owned() });
    }

    /// Whether tokens of this family may still be good, their signature and time apart.
    pub(super) fn is_open(&self, family: &str) -> bool {
        self.families.contains_key(family)
    }

    /// What was done, oldest first.
    pub(super) fn journal(&self) -> impl Iterator<Item = &Entry> {
        self.journal.entries.iter()
    }

    pub(super) fn forget_journal(&mut self) {
        self.journal.entries.clear();
    }

    fn note(&mut self, entry: Entry) {
        if self.journal.entries.len() >= Self::MAX_JOURNAL {
            self.journal.entries.pop_front();
        }
        self.journal.entries.push_back(entry);
    }

    /// Plants a defect: a family that was declared over lives on.
    #[cfg(test)]
    pub(super) fn plant_survivor(&mut self, refresh: &Claims) {
        self.put(refresh);
    }

    /// Plants a defect: a refresh token is traded without looking whether it may.
    #[cfg(test)]
    pub(super) fn plant_trade(&mut self, refresh: &Claims) {
        self.note(Entry::Traded { family: refresh.family_id.clone(), jti: refresh.jti.clone() });
    }
}
