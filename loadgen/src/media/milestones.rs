//! How far a participant's media has come, and how long each part took.

use engine::{
    clock::Instant,
    record::{Recorder, TimingId},
};

use super::series::MediaSeries;

#[cfg(test)]
mod tests;

/// When what happened, as far as something later is measured from it.
pub(super) struct Milestones {
    recorder: Recorder,
    series: MediaSeries,
    /// Whether the steps of this way in are measured.
    measures_steps: bool,
    answered: Option<Instant>,
    paired: Option<Instant>,
    subscribed: Option<Instant>,
    heard: Option<Instant>,
    /// When the participant was due, once only the first packet is missing.
    ready_since: Option<Instant>,
    /// When a datagram came last.
    reached: Option<Instant>,
    away_since: Option<Instant>,
}

impl Milestones {
    /// Of the first way in all steps are measured, of a later one how long it was away. `away_since`: when an earlier
    /// path was lost that this one replaces.
    pub(super) fn new(
        recorder: Recorder,
        series: MediaSeries,
        is_first: bool,
        away_since: Option<Instant>,
    ) -> Self {
        Self {
            recorder,
            series,
            measures_steps: is_first,
            answered: None,
            paired: None,
            subscribed: None,
            heard: None,
            ready_since: None,
            reached: None,
            away_since,
        }
    }

    /// The SFU answered the offer to publish.
    pub(super) fn answered(&mut self, now: Instant) {
        self.answered.get_or_insert(now);
    }

    /// ICE found a pair of addresses that carries packets.
    pub(super) fn paired(&mut self, now: Instant) {
        if self.paired.is_none() {
            self.paired = Some(now);
            self.step(self.series.ice, self.answered, now);
        }
    }

    /// DTLS is done.
    pub(super) fn secured(&mut self, now: Instant) {
        self.step(self.series.dtls, self.paired, now);
    }

    /// The path carries packets, again if it was lost.
    pub(super) fn up(&mut self, now: Instant) {
        let since = self.away_since.take();
        self.took(self.series.away, since, now);
    }

    /// A datagram came.
    pub(super) fn reached(&mut self, now: Instant) {
        self.reached = Some(now);
    }

    /// The path is lost, as is known now: it was after the datagram that came last. The first moment counts when it
    /// is lost again before it was up.
    pub(super) fn lost(&mut self, now: Instant) {
        self.away_since.get_or_insert(self.reached.unwrap_or(now));
    }

    /// Since when nothing gets through, should it be lost now: `None` where nothing ever did.
    pub(super) fn away_since(&self) -> Option<Instant> {
        self.away_since.or(self.reached)
    }

    /// The first subscription was answered.
    pub(super) fn subscribed(&mut self, now: Instant) {
        self.subscribed.get_or_insert(now);
    }

    /// A packet of somebody else's came.
    pub(super) fn heard(&mut self, now: Instant) {
        if self.heard.is_some() {
            return;
        }
        self.heard = Some(now);
        self.step(self.series.first_packet, self.subscribed, now);
        let ready_since = self.ready_since.take();
        self.took(self.series.ready, ready_since, now);
    }

    /// All else is there: ready as soon as somebody is heard, which may have been before.
    pub(super) fn ready_when_heard(&mut self, due: Instant, now: Instant) {
        match self.heard {
            Some(_) => self.took(self.series.ready, Some(due), now),
            None => self.ready_since = Some(due),
        }
    }

    fn step(&self, series: TimingId, since: Option<Instant>, now: Instant) {
        self.took(series, since.filter(|_| self.measures_steps), now);
    }

    fn took(&self, series: TimingId, since: Option<Instant>, now: Instant) {
        if let Some(since) = since {
            self.recorder.value(series, now.saturating_duration_since(since));
        }
    }
}
