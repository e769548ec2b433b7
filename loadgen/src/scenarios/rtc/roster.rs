//! Who publishes what, as all participants are told.

use tokio::sync::watch;

use crate::media::{Kind, Source};

/// Those who publish, in the order they began; clones of what is watched are small.
#[derive(Debug)]
pub(super) struct Roster(watch::Sender<Vec<Speaker>>);

/// Somebody who publishes.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    who: u64,
    tracks: Vec<(Kind, Source)>,
}

impl Default for Roster {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl Roster {
    /// Participant `who` publishes these tracks, and no others any more.
    pub(super) fn publish(&self, who: u64, tracks: Vec<(Kind, Source)>) {
        self.0.send_modify(|speakers| {
            speakers.retain(|speaker| speaker.who != who);
            speakers.push(Speaker { who, tracks });
        });
    }

    /// Participant `who` publishes nothing any more.
    pub(super) fn retire(&self, who: u64) {
        self.0.send_if_modified(|speakers| {
            let before = speakers.len();
            speakers.retain(|speaker| speaker.who != who);
            speakers.len() != before
        });
    }

    /// Tells of changes.
    pub(super) fn watch(&self) -> watch::Receiver<Vec<Speaker>> {
        self.0.subscribe()
    }

    /// What all but `who` publish of this kind, the last who began first.
    pub(super) fn others(&self, who: u64, kind: Kind) -> Vec<Source> {
        let speakers = self.0.borrow();
        let others = speakers.iter().rev().filter(|speaker| speaker.who != who);
        let tracks = others.flat_map(|speaker| &speaker.tracks).filter(|(carries, _)| *carries == kind);
        tracks.map(|(_, source)| source.clone()).collect()
    }
}
