//! The tracks a participant is subscribed to, as they arrive.

use std::{collections::HashMap, sync::Arc, time::Duration};

use engine::{clock::Instant, record::Recorder};
use str0m::{media::Mid, rtp::RtpPacket};

use super::{
    Source,
    dues::{Dues, TimeBase},
    reception::Reception,
    sequence::Counts,
    series::MediaSeries,
};

/// A packet still missing after this long is lost.
const IN_FLIGHT: Duration = Duration::from_secs(1);
/// A subscription that ended sooner without a packet is not counted: its speaker may have left first.
const FAIR_CHANCE: Duration = Duration::from_secs(1);

/// All tracks that are heard, by media section.
pub(super) struct Receiving {
    recorder: Recorder,
    series: MediaSeries,
    dues: Arc<Dues>,
    tracks: HashMap<Mid, Track>,
}

/// What one media section carries.
struct Track {
    source: Source,
    since: Instant,
    heard: bool,
    base: Option<TimeBase>,
    reception: Reception,
}

impl Receiving {
    pub(super) fn new(recorder: Recorder, series: MediaSeries, dues: Arc<Dues>) -> Self {
        Self { recorder, series, dues, tracks: HashMap::new() }
    }

    /// A section carries this source from now on.
    pub(super) fn hear(&mut self, mid: Mid, source: Source, clock_rate: u32, now: Instant) {
        if let Some(track) = self.tracks.get_mut(&mid) {
            track.judge(&self.recorder, self.series, now);
            track.reception.switched();
            (track.source, track.since, track.heard, track.base) = (source, now, false, None);
            return;
        }
        let reception = Reception::new(clock_rate);
        self.tracks.insert(mid, Track { source, since: now, heard: false, base: None, reception });
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
    }

    fn end(&self, mut track: Track, now: Instant) {
        track.judge(&self.recorder, self.series, now);
        self.count(track.reception.finish());
    }

    /// Takes a packet; false when it belongs to no track that is heard.
    pub(super) fn take(&mut self, mid: Mid, packet: &RtpPacket, now: Instant) -> bool {
        let Some(track) = self.tracks.get_mut(&mid) else { return false };
        let (recorder, series, header) = (&self.recorder, self.series, &packet.header);
        if !std::mem::replace(&mut track.heard, true) {
            recorder.share(series.active, true);
        }
        if track.base.is_none() {
            track.base = self.dues.of(&track.source);
        }
        let arrival = track.reception.take(header.sequence_number, header.timestamp, now);
        if let Some(gap) = arrival.gap {
            recorder.value(series.gap, gap);
            recorder.counter(series.gaps, || format!("{} silent for {gap:?}", track.source.track_name));
        }
        let latency = track.base.filter(|_| arrival.fresh);
        if let Some(latency) = latency.and_then(|base| base.under_way(header.timestamp, now)) {
            recorder.value(series.latency, latency);
        }
        true
    }

    /// Records what is final, once a second.
    pub(super) fn settle(&mut self, now: Instant) {
        let since = now - IN_FLIGHT;
        let mut all = Vec::with_capacity(self.tracks.len());
        for track in self.tracks.values_mut() {
            all.push(track.reception.settle(since));
            if let Some(jitter) = track.reception.jitter().filter(|_| track.heard) {
                self.recorder.value(self.series.jitter, jitter);
            }
        }
        for counts in all {
            self.count(counts);
        }
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

impl Track {
    /// The subscription is over: one that never carried a packet is not active.
    fn judge(&self, recorder: &Recorder, series: MediaSeries, now: Instant) {
        if !self.heard && now.saturating_duration_since(self.since) >= FAIR_CHANCE {
            recorder.share(series.active, false);
        }
    }
}
