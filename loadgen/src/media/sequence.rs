//! Which packets of a track came, by their sequence numbers (RFC 3550, A.1 and A.3).

use std::collections::{BTreeMap, BTreeSet};

use engine::clock::Instant;

/// A number this much ahead of the highest belongs to another sequence (RFC 3550, A.1).
const MAX_DROPOUT: u64 = 3_000;
/// And one this much behind it.
const MAX_MISORDER: u64 = 100;
/// Where extended numbers begin, so that packets from before the first one that came have a place, too.
const ORIGIN: u64 = 1 << 16;

/// What became of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Came, each counted once.
    pub received: u64,
    /// Did not come in time.
    pub lost: u64,
    /// Came again.
    pub duplicates: u64,
    /// Of those received: came after a later one.
    pub reordered: u64,
    /// Came when they had been counted as lost.
    pub late: u64,
}

/// The sequence numbers of one track so far.
#[derive(Debug, Default)]
pub struct Sequence {
    run: Option<Run>,
    /// How many runs there were.
    begun: u32,
    counts: Counts,
}

/// Numbers that belong together, extended to 64 bits.
#[derive(Debug)]
struct Run {
    first: u64,
    highest: u64,
    /// Not there yet, and since when that is known.
    missing: BTreeMap<u64, Instant>,
    /// Counted as lost, as far back as they could still come.
    given_up: BTreeSet<u64>,
    /// The number that would show that a jump is a new sequence.
    restart: Option<u16>,
}

impl Run {
    fn beginning_with(number: u16) -> Self {
        let first = ORIGIN + u64::from(number);
        Self { first, highest: first, missing: BTreeMap::new(), given_up: BTreeSet::new(), restart: None }
    }
}

impl Sequence {
    /// Takes a packet; whether it is one that was not there before.
    pub fn take(&mut self, number: u16, at: Instant) -> bool {
        let Some(run) = &mut self.run else { return self.begin(number) };
        // The nearest to the highest of the numbers that end like this (RFC 3550, A.1).
        let ahead = i64::from(number.wrapping_sub(run.highest as u16).cast_signed());
        let most = if ahead > 0 { MAX_DROPOUT } else { MAX_MISORDER };
        if ahead.unsigned_abs() > most {
            if run.restart == Some(number) {
                self.counts.lost += run.missing.len() as u64;
                return self.begin(number);
            }
            run.restart = Some(number.wrapping_add(1));
            return false;
        }
        run.restart = None;
        let place = run.highest.wrapping_add_signed(ahead);
        if ahead > 0 {
            run.missing.extend((run.highest + 1..place).map(|skipped| (skipped, at)));
            run.highest = place;
        } else if place < run.first {
            run.missing.extend((place + 1..run.first).map(|skipped| (skipped, at)));
            run.first = place;
            self.counts.reordered += 1;
        } else if run.missing.remove(&place).is_some() {
            self.counts.reordered += 1;
        } else {
            let late = run.given_up.remove(&place);
            self.counts.late += u64::from(late);
            self.counts.duplicates += u64::from(!late);
            return false;
        }
        self.counts.received += 1;
        true
    }

    fn begin(&mut self, number: u16) -> bool {
        self.run = Some(Run::beginning_with(number));
        self.begun += 1;
        self.counts.received += 1;
        true
    }

    /// How many sequences there were so far: from one to the next, no number tells what is missing.
    pub fn begun(&self) -> u32 {
        self.begun
    }

    /// Gives up what was missing before `since`, and tells what became of packets after the last time this was asked.
    pub fn settle(&mut self, since: Instant) -> Counts {
        if let Some(run) = &mut self.run {
            let over: Vec<u64> =
                run.missing.iter().filter(|(_, at)| **at < since).map(|(number, _)| *number).collect();
            self.counts.lost += over.len() as u64;
            for number in over {
                run.missing.remove(&number);
                run.given_up.insert(number);
            }
            run.given_up = run.given_up.split_off(&run.highest.saturating_sub(MAX_MISORDER));
        }
        std::mem::take(&mut self.counts)
    }

    /// The same at the end of the track: whatever is missing now does not come any more.
    pub fn finish(&mut self) -> Counts {
        if let Some(run) = self.run.take() {
            self.counts.lost += run.missing.len() as u64;
        }
        std::mem::take(&mut self.counts)
    }
}
