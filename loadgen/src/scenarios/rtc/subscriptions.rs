//! Whom a participant listens to, and what is to change about it. Pure.

use std::collections::BTreeMap;

use crate::media::Source;

/// What is heard, by media section.
pub(super) type Heard = BTreeMap<String, Source>;

/// What is to change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Sections whose source has gone and that another one takes over.
    pub(super) point: Vec<(String, Source)>,
    /// Sections whose source has gone and for which there is no other.
    pub(super) close: Vec<String>,
    /// Sources that take new sections.
    pub(super) add: Vec<Source>,
}

impl Changes {
    /// Whoever is heard stays heard while they publish. A place that is free, or becomes free, goes to the one who
    /// began last among those not heard yet. `offered`: what the others publish, the last first.
    pub(super) fn towards(heard: &Heard, offered: &[Source], most: usize) -> Self {
        let (kept, gone): (Vec<_>, Vec<_>) = heard.iter().partition(|(_, source)| offered.contains(source));
        let room = most.saturating_sub(kept.len());
        let mut fresh =
            offered.iter().filter(|source| !heard.values().any(|known| known == *source)).take(room);
        let mut changes = Self::default();
        for (mid, _) in gone {
            match fresh.next() {
                Some(source) => changes.point.push((mid.clone(), source.clone())),
                None => changes.close.push(mid.clone()),
            }
        }
        changes.add = fresh.cloned().collect();
        changes
    }
}

#[cfg(test)]
mod tests;
