//! A track as it is sent: which packets of its clip are due, and under which numbers.

use std::sync::Arc;

use engine::clock::Instant;
use fixtures::Stream;
use str0m::media::Mid;

use super::{
    Kind, clip,
    dues::{Sent, TimeBase},
    pace::{Grid, Slot},
    vp8,
};

/// A published track.
pub(super) struct Sending {
    pub(super) mid: Mid,
    pub(super) kind: Kind,
    grid: Grid,
    anchor: Instant,
    /// The timestamp of the grid's slot 0; random, as the first number is (RFC 3550, 5.1).
    timestamp: u32,
    number: u64,
    /// The slot that carries the first frame of the clip.
    clip_from: u64,
    has_begun: bool,
    /// Where its packets are counted for those who hear it.
    pub(super) sent: Sent,
}

/// What one slot sends.
pub(super) struct Burst {
    pub(super) due: Instant,
    pub(super) timestamp: u32,
    pub(super) payloads: Vec<Arc<[u8]>>,
    /// The marker is set on the first packet of speech (RFC 7587, 4.1) and on the last one of a frame (RFC 7741, 4.1).
    pub(super) marker: Option<usize>,
}

impl Sending {
    /// A track of which one slot is due at `anchor`.
    pub(super) fn new(mid: Mid, kind: Kind, anchor: Instant, draw: &mut Stream) -> Self {
        let grid = Grid::new(anchor, per_second(kind));
        // The upper half of the numbers is left free, so that the first packets do not wrap around: who comes late
        // could not tell how often they had (RFC 3711, 3.3.1).
        let number = draw.bits() & 0x7fff;
        let timestamp = draw.bits() as u32;
        Self {
            mid,
            kind,
            grid,
            anchor,
            timestamp,
            number,
            clip_from: 0,
            has_begun: false,
            sent: Sent::default(),
        }
    }

    /// How its timestamps tell the time.
    pub(super) fn base(&self) -> TimeBase {
        TimeBase { timestamp: self.timestamp, at: self.anchor, clock_rate: clock_rate(self.kind) }
    }

    /// The path carries packets from `now` on, for the first time or again.
    pub(super) fn resume(&mut self, now: Instant) {
        self.grid.resume(now);
        self.show_key_frame();
    }

    /// The next frame is a key frame again.
    pub(super) fn show_key_frame(&mut self) {
        if self.kind == Kind::Video {
            self.clip_from = self.grid.next_number();
        }
    }

    pub(super) fn next(&self) -> Instant {
        self.grid.next()
    }

    /// What is due, and how many slots were missed before it.
    pub(super) fn step(&mut self, now: Instant) -> (Option<Burst>, u64) {
        let step = self.grid.step(now);
        (step.slot.map(|slot| self.burst(slot)), step.skipped)
    }

    fn burst(&mut self, slot: Slot) -> Burst {
        let clip = if self.kind == Kind::Video { &*clip::VIDEO } else { &*clip::AUDIO };
        let place = slot.number - self.clip_from;
        let part = &clip[(place % clip.len() as u64) as usize];
        let ticks = slot.number * u64::from(clock_rate(self.kind) / per_second(self.kind));
        let first = !std::mem::replace(&mut self.has_begun, true);
        let (payloads, marker) = if self.kind == Kind::Video {
            let payloads = vp8::payloads(part, (slot.number & 0x7fff) as u16);
            let last = payloads.len() - 1;
            (payloads, Some(last))
        } else {
            (vec![part.clone()], first.then_some(0))
        };
        Burst { due: slot.due, timestamp: self.timestamp.wrapping_add(ticks as u32), payloads, marker }
    }

    /// The number of the next packet.
    pub(super) fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}

fn per_second(kind: Kind) -> u32 {
    if kind == Kind::Video { clip::VIDEO_PER_SECOND } else { clip::AUDIO_PER_SECOND }
}

/// Ticks of a track's timestamps in a second.
pub(super) fn clock_rate(kind: Kind) -> u32 {
    if kind == Kind::Video { clip::VIDEO_CLOCK } else { clip::AUDIO_CLOCK }
}
