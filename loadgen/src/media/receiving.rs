//! The tracks a participant is subscribed to, as they arrive. Pure but for what it records.

use std::{collections::HashMap, sync::Arc, time::Duration};

use engine::{clock::Instant, record::Recorder};
use str0m::media::Mid;

use super::{
    Source,
    dues::{Dues, Sent, TimeBase},
    reception::Reception,
    sequence::Counts,
    series::MediaSeries,
};

#[cfg(test)]
mod tests;

/// A packet still missing after this long is lost.
const IN_FLIGHT: Duration = Duration::from_secs(1);
/// A subscription that ended sooner without a packet is not counted: its speaker may have left first. From here on a
/// track that has carried nothing yet is silent.
const FAIR_CHANCE: Duration = Duration::from_secs(1);

/// All tracks that are heard, by media section.
pub(super) struct Receiving {
    books: Books,
    tracks: HashMap<Mid, Track>,
    /// Sources that were asked for, in vain so far, and since when.
    unheard: HashMap<Source, Instant>,
}

/// Where what is measured goes, and when packets were due.
struct Books {
    recorder: Recorder,
    series: MediaSeries,
    dues: Arc<Dues>,
}

/// What one media section carries.
struct Track {
    source: Source,
    since: Instant,
    /// When its first packet came.
    first: Option<Instant>,
    /// How long it was silent since, so far.
    silent: Duration,
    /// What its publisher has sent, and had sent when its last packet came, or when it was subscribed to.
    sent: Option<Sent>,
    sent_before: u64,
    /// Nothing is expected of the source any more.
    over: bool,
    base: Option<TimeBase>,
    reception: Reception,
}

impl Receiving {
    pub(super) fn new(recorder: Recorder, series: MediaSeries, dues: Arc<Dues>) -> Self {
        Self { books: Books { recorder, series, dues }, tracks: HashMap::new(), unheard: HashMap::new() }
    }

    /// A section carries this source from now on.
    pub(super) fn hear(&mut self, mid: Mid, source: Source, clock_rate: u32, now: Instant) {
        self.unheard.remove(&source);
        let reception = match self.tracks.remove(&mid) {
            Some(mut track) => {
                track.end(&self.books, now);
                track.reception
            }
            None => Reception::new(clock_rate),
        };
        self.tracks.insert(mid, Track::new(source, now, &self.books.dues, reception));
    }

    /// A source is asked for: unless it is heard later on, it is a track that is not active.
    pub(super) fn asks_for(&mut self, source: Source, now: Instant) {
        self.unheard.entry(source).or_insert(now);
    }

    /// The other side is asked to let a section carry another source: nothing is expected of this one any more, and
    /// until [`Self::hear`] nobody knows whose the packets are.
    pub(super) fn leave(&mut self, mid: Mid, now: Instant) {
        if let Some(track) = self.tracks.get_mut(&mid) {
            track.end(&self.books, now);
        }
    }

    /// A section carries nothing any more.
    pub(super) fn close(&mut self, mid: Mid, now: Instant) {
        if let Some(track) = self.tracks.remove(&mid) {
            self.end(track, now);
        }
    }

    /// Nothing comes any more.
    pub(super) fn finish(&mut self, now: Instant) {
        for (_, track) in std::mem::take(&mut self.tracks) {
            self.end(track, now);
        }
        for (source, since) in std::mem::take(&mut self.unheard) {
            self.books.silent(&source, since, now);
        }
    }

    fn end(&self, mut track: Track, now: Instant) {
        track.end(&self.books, now);
        self.books.count(track.reception.finish());
    }

    /// Takes the packet of this number and timestamp; false when it belongs to no track that is heard.
    pub(super) fn take(&mut self, mid: Mid, (number, timestamp): (u16, u32), now: Instant) -> bool {
        let Some(track) = self.tracks.get_mut(&mid) else { return false };
        track.take(&self.books, (number, timestamp), now);
        true
    }

    /// Records what is final, once a second.
    pub(super) fn settle(&mut self, now: Instant) {
        for track in self.tracks.values_mut() {
            let (counts, jitter) = track.reception.settle(now - IN_FLIGHT);
            self.books.count(counts);
            if let Some(jitter) = jitter {
                self.books.recorder.value(self.books.series.jitter, jitter);
            }
        }
    }
}

impl Track {
    /// A track that is expected to carry packets from `since` on.
    fn new(source: Source, since: Instant, dues: &Dues, reception: Reception) -> Self {
        let sent = dues.sent(&source);
        let sent_before = sent.as_ref().map_or(0, Sent::so_far);
        let silent = Duration::ZERO;
        Self { source, since, first: None, silent, sent, sent_before, over: false, base: None, reception }
    }

    fn take(&mut self, books: &Books, (number, timestamp): (u16, u32), now: Instant) {
        let arrival = self.reception.take(number, timestamp, now);
        if self.over {
            // It is counted; whether it was the last of this source or the first of another, it begins no silence.
            return self.reception.switched();
        }
        if self.first.is_none() {
            self.first = Some(now);
            books.recorder.share(books.series.active, true);
        }
        if self.base.is_none() {
            self.base = books.dues.of(&self.source);
        }
        let unheard = self.unheard(arrival.fresh);
        if let Some(gap) = arrival.gap {
            self.silent += gap;
            books.gap(&self.source, gap);
            if arrival.anew {
                // All but this one and the one before it, which was not believed yet.
                books.lost(unheard.saturating_sub(2));
            }
        }
        let base = self.base.filter(|_| arrival.fresh);
        if let Some(latency) = base.and_then(|base| base.under_way(timestamp, now)) {
            books.recorder.value(books.series.latency, latency);
        }
    }

    /// Packets that were sent since the one that came last; with `anew`, none have been from here on.
    fn unheard(&mut self, anew: bool) -> u64 {
        let sent = self.sent.as_ref().map_or(0, Sent::so_far);
        let before = if anew { std::mem::replace(&mut self.sent_before, sent) } else { self.sent_before };
        sent.saturating_sub(before)
    }

    /// Books, once, what was missing of a source of which no more is expected: the silence at its end, or all of it.
    /// What its publisher did not send any more is not missing.
    fn end(&mut self, books: &Books, now: Instant) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        let until = books.dues.expected_until(&self.source, now);
        let (fair, gap) = (self.since + FAIR_CHANCE, self.reception.silence(until));
        if let Some(gap) = gap {
            self.silent += gap;
            books.gap(&self.source, gap);
        }
        if self.first.is_none() {
            books.silent(&self.source, self.since, now);
        }
        if gap.is_some() || (self.first.is_none() && until >= fair) {
            books.lost(self.unheard(false));
        }
        let first = self.first.unwrap_or(until);
        let from = first.min(fair);
        let silent = self.silent + first.saturating_duration_since(from);
        books.carried(until.saturating_duration_since(from), silent);
        self.reception.switched();
    }
}

impl Books {
    /// A source was never heard from `since` to `now`: not active, if it had a fair chance before its publisher left.
    fn silent(&self, source: &Source, since: Instant, now: Instant) {
        let until = self.dues.expected_until(source, now);
        if until.saturating_duration_since(since) >= FAIR_CHANCE {
            self.recorder.share(self.series.active, false);
        }
    }

    /// A track was to carry packets for `whole`, and for so much of it carried none.
    fn carried(&self, whole: Duration, silent: Duration) {
        let silent = silent.min(whole);
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.recorder.shares(self.series.carried, ms(whole.saturating_sub(silent)), ms(silent));
    }

    /// So many packets were sent and never came, as no sequence number tells.
    fn lost(&self, packets: u64) {
        self.recorder.shares(self.series.received, 0, packets);
    }

    fn gap(&self, source: &Source, gap: Duration) {
        self.recorder.value(self.series.gap, gap);
        self.recorder.counter(self.series.gaps, || format!("{} silent for {gap:?}", source.track_name));
    }

    fn count(&self, counts: Counts) {
        let (recorder, series) = (&self.recorder, self.series);
        let Counts { received, lost, duplicates, reordered, late } = counts;
        recorder.shares(series.received, received, lost);
        for (counter, n) in
            [(series.duplicates, duplicates), (series.reordered, reordered), (series.late, late)]
        {
            recorder.add(counter, n);
        }
    }
}
