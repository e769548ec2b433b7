//! What decides about media: pure, so tested without a clock or a socket.

use std::{collections::BTreeSet, time::Duration};

use engine::clock;
use loadgen::{
    live::{Media, Subscribe},
    media::{
        clip::{self, ClipError},
        dues::TimeBase,
        pace::{Grid, PATIENCE},
        reception::Reception,
        sequence::{Counts, Sequence},
        vp8,
    },
};
use proptest::{collection::vec, prelude::*};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Takes these numbers, a millisecond apart, and tells what became of them in the end.
fn taken(numbers: &[u64]) -> Counts {
    let mut sequence = Sequence::default();
    let start = clock::now();
    for (at, number) in numbers.iter().enumerate() {
        sequence.take(*number as u16, start + ms(at as u64));
    }
    sequence.finish()
}

#[test]
fn a_number_left_out_is_lost_and_the_numbers_wrap_around() {
    let counts = taken(&[65_534, 65_535, 65_537, 65_538]);
    assert_eq!(counts, Counts { received: 4, lost: 1, ..Counts::default() });
}

#[test]
fn a_packet_may_be_late_but_not_too_late() {
    let (mut sequence, start) = (Sequence::default(), clock::now());
    for number in [1, 2, 4] {
        sequence.take(number, start);
    }
    assert_eq!(sequence.settle(start), Counts { received: 3, ..Counts::default() }, "it may be under way");
    assert_eq!(sequence.settle(start + ms(1)), Counts { lost: 1, ..Counts::default() });
    assert!(!sequence.take(3, start + ms(2)));
    assert_eq!(sequence.settle(start + ms(3)), Counts { late: 1, ..Counts::default() });
}

#[test]
fn a_jump_is_believed_when_the_next_number_follows() {
    let counts = taken(&[1, 2, 40_000, 3, 50_000, 50_001, 50_002]);
    assert_eq!(counts, Counts { received: 5, ..Counts::default() });
}

proptest! {
    /// Whatever is lost, doubled or overtaken, the counts are those of the set of numbers that came.
    #[test]
    fn counts_are_those_of_what_came(
        first in 0_u64..70_000,
        fates in vec((0_u8..10, 0_u64..8), 1..400),
    ) {
        // When a packet gets there: up to seven packets after its turn, a second copy of it at another time.
        let mut arrivals: Vec<(u64, u64)> = Vec::new();
        for (place, (fate, by)) in fates.iter().enumerate() {
            let number = first + place as u64;
            let copies = match fate { 0 => 0, 1 => 2, _ => 1 };
            arrivals.extend((0..copies).map(|copy| (number + (by + 3 * copy) % 8, number)));
        }
        arrivals.sort_by_key(|(at, _)| *at);
        let sent: Vec<u64> = arrivals.into_iter().map(|(_, number)| number).collect();
        let there: BTreeSet<u64> = sent.iter().copied().collect();
        let span = there.last().zip(there.first()).map_or(0, |(last, first)| last - first + 1);
        let counts = taken(&sent);
        prop_assert_eq!(counts.received, there.len() as u64);
        prop_assert_eq!(counts.lost, span - counts.received);
        prop_assert_eq!(counts.duplicates, sent.len() as u64 - counts.received);
        prop_assert_eq!(counts.late, 0);
        let mut highest = 0;
        let mut seen = BTreeSet::new();
        let behind = sent.iter().filter(|number| {
            let behind = seen.insert(**number) && **number < highest;
            highest = highest.max(**number);
            behind
        });
        prop_assert_eq!(counts.reordered, behind.count() as u64);
    }

    /// The grid never drifts, never bursts, and every slot is used or counted.
    #[test]
    fn every_slot_is_used_or_counted(stalls in vec(0_u64..400, 1..60)) {
        let start = clock::now();
        let mut grid = Grid::new(start, 50);
        let (mut now, mut used, mut skipped) = (start, 0, 0);
        for stall in stalls {
            now = now.max(grid.next()) + ms(stall);
            loop {
                let step = grid.step(now);
                skipped += step.skipped;
                let Some(slot) = step.slot else { break };
                prop_assert_eq!(slot.due, start + ms(20) * slot.number as u32);
                prop_assert!(slot.due <= now && now <= slot.due + PATIENCE);
                used += 1;
            }
            prop_assert_eq!(used + skipped, grid.next_number());
        }
    }

    /// A packet's age comes back, whatever the timestamp it began with and however often it has wrapped.
    #[test]
    fn an_age_comes_back(base in any::<u32>(), number in 0_u64..20_000_000, age_us in 0_u64..9_000_000) {
        let at = clock::now();
        let base = TimeBase { timestamp: base, at, clock_rate: 48_000 };
        let timestamp = base.timestamp.wrapping_add((number * 960) as u32);
        let now = at + ms(20 * number) + Duration::from_micros(age_us);
        let seen = base.under_way(timestamp, now).expect("less than ten seconds");
        prop_assert!(seen.abs_diff(Duration::from_micros(age_us)) < Duration::from_micros(21), "{seen:?}");
    }
}

#[test]
fn frames_of_a_fraction_of_a_millisecond_do_not_add_up() {
    let start = clock::now();
    let mut grid = Grid::new(start, 15);
    grid.resume(start + ms(3_600_000));
    assert_eq!((grid.next_number(), grid.next()), (54_000, start + ms(3_600_000)));
}

#[test]
fn another_sources_timestamps_tell_no_age() {
    let at = clock::now();
    let base = TimeBase { timestamp: 7, at, clock_rate: 48_000 };
    assert_eq!(base.under_way(7_000_000, at + ms(100)), None);
}

/// Jitter of 20 ms packets that arrive at these milliseconds.
fn jitter_us(arrivals: &[u64]) -> u128 {
    let (mut reception, start) = (Reception::new(48_000), clock::now());
    for (number, at) in arrivals.iter().enumerate() {
        reception.take(number as u16, number as u32 * 960, start + ms(*at));
    }
    reception.jitter().expect("more than one").as_micros()
}

#[test]
fn jitter_is_that_of_rfc_3550() {
    assert_eq!(jitter_us(&[0, 20, 40, 60]), 0);
    // |D| = 8 ms: 8 / 16 = 0.5 ms.
    assert_eq!(jitter_us(&[0, 28]), 500);
    // Then |D| = 8 ms again: 0.5 + (8 - 0.5) / 16 = 0.968_75 ms.
    assert_eq!(jitter_us(&[0, 28, 40]), 968);
}

#[test]
fn a_silence_is_a_gap_and_a_switch_of_the_source_is_none() {
    let (mut reception, start) = (Reception::new(48_000), clock::now());
    let take = |reception: &mut Reception, number: u16, at: u64| {
        reception.take(number, u32::from(number) * 960, start + ms(at)).gap
    };
    assert_eq!(take(&mut reception, 0, 0), None);
    assert_eq!(take(&mut reception, 1, 200), None);
    assert_eq!(take(&mut reception, 2, 401), Some(ms(201)));
    assert_eq!(reception.silence(start + ms(601)), None);
    assert_eq!(reception.silence(start + ms(602)), Some(ms(201)), "the last one may be followed by none");
    reception.switched();
    assert_eq!(reception.silence(start + ms(1_000)), None);
    assert_eq!(take(&mut reception, 3, 1_000), None);
}

#[test]
fn the_clips_are_what_is_said_of_them() {
    assert_eq!(clip::AUDIO.len(), 251, "five seconds, and what the encoder leads in with");
    // Opus frames of 20 ms, one a packet: configurations 3 (mod 4) of SILK and CELT and 1 (mod 2) of hybrid, code 0
    // (RFC 6716, 3.1).
    for packet in clip::AUDIO.iter() {
        let (config, code) = (packet[0] >> 3, packet[0] & 3);
        let long = match config {
            0..=11 => config % 4 == 1,
            12..=15 => config % 2 == 1,
            _ => config % 4 == 3,
        };
        assert!(long && code == 0, "configuration {config}, code {code}");
    }
    assert_eq!(clip::VIDEO.len(), 60, "four seconds");
    // A key frame has the lowest bit of its first byte clear (RFC 6386, 9.1).
    let keys = clip::VIDEO.iter().map(|frame| frame[0] & 1 == 0).collect::<Vec<_>>();
    assert!(keys[0] && keys[1..].iter().all(|key| !key));
}

#[test]
fn what_is_no_clip_is_refused() {
    let whole = include_bytes!("../../assets/clip.opus");
    assert_eq!(clip::ogg(&whole[..whole.len() - 1]), Err(ClipError::Malformed));
    assert_eq!(clip::ogg(b"OggS"), Err(ClipError::Malformed));
    assert_eq!(clip::ogg(b""), Err(ClipError::Malformed));
    assert_eq!(clip::ivf(b"DKIF\0\0\x08\0"), Err(ClipError::Empty));
    assert_eq!(clip::ivf(b"DKIF\0\0\x08\0\x01\0"), Err(ClipError::Malformed));
    assert_eq!(clip::ivf(b"RIFF"), Err(ClipError::Malformed));
}

#[test]
fn a_frame_is_cut_and_put_together_again() {
    let frame: Vec<u8> = (0..2_500_u32).map(|byte| byte as u8).collect();
    let payloads = vp8::payloads(&frame, 300);
    let heads: Vec<&[u8]> = payloads.iter().map(|payload| &payload[..4]).collect();
    assert_eq!(heads, [&[0x90, 0x80, 0x81, 0x2c][..], &[0x80, 0x80, 0x81, 0x2c], &[0x80, 0x80, 0x81, 0x2c]]);
    let body: Vec<u8> = payloads.iter().flat_map(|payload| payload[4..].iter().copied()).collect();
    assert_eq!(body, frame);
}

#[test]
fn what_is_typed_of_media_is_understood_or_refused() {
    assert_eq!(Media::asked(Some(Media::None), false), Ok(Media::None));
    assert!(Media::asked(Some(Media::None), true).is_err(), "a picture without media");
    if Media::IS_BUILT_IN {
        assert_eq!(Media::asked(None, false), Ok(Media::Audio));
        assert_eq!(Media::asked(None, true), Ok(Media::AudioAndVideo));
    } else {
        assert_eq!(Media::asked(None, false), Ok(Media::None));
        assert!(Media::asked(None, true).is_err() && Media::asked(Some(Media::Audio), false).is_err());
    }
    assert_eq!("all".parse(), Ok(Subscribe::All));
    assert_eq!("4".parse(), Ok(Subscribe::Last(4)));
    assert!("65".parse::<Subscribe>().is_err() && "some".parse::<Subscribe>().is_err());
}
