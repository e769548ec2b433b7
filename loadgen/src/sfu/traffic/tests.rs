use engine::record::LiveCounter;

use super::*;
use crate::live::Subscribe;

fn session(participants: u64, media: Media, subscribe: Subscribe) -> LiveSession {
    LiveSession { participants, media, subscribe }
}

#[test]
fn fifty_people_in_a_full_mesh_take_44_gb_an_hour() {
    // 50 x 49 tracks of 40 kbit/s: 50 x 49 x 5 000 bytes x 3 600 s.
    let mesh = Traffic::of(&session(50, Media::Audio, Subscribe::All), 0.0, 3_600.0);
    assert_eq!(mesh, Traffic { to_sfu: 900_000_000, from_sfu: 44_100_000_000 });
    assert_eq!(AUDIO_BYTES_PER_SECOND * 8, 40_000);
    assert_eq!(
        mesh.price(),
        "Cloudflare's SFU sends 44.1 GB: $2.21 at $0.05 per GB if this month's free terabyte (1 000 GB) is used up, else \
         nothing"
    );
}

#[test]
fn whoever_is_not_there_yet_or_any_more_is_not_heard() {
    // They come at 0, 1 and 2 s and stay for 10: one, two, three, two, one are there for 1, 1, 8, 1, 1 s.
    let all = Traffic::of(&session(3, Media::Audio, Subscribe::All), 3.0, 10.0);
    assert_eq!(all.from_sfu, (2 + 6 * 8 + 2) * 5_000);
    assert_eq!(all.to_sfu, 30 * 5_000);
    let one_each = Traffic::of(&session(3, Media::Audio, Subscribe::Last(1)), 3.0, 10.0);
    assert_eq!(one_each.from_sfu, (2 + 3 * 8 + 2) * 5_000);
}

#[test]
fn without_packets_or_without_company_nothing_comes_from_the_sfu() {
    assert!(Traffic::of(&session(50, Media::None, Subscribe::All), 60.0, 660.0).is_none());
    assert_eq!(Traffic::of(&session(1, Media::Audio, Subscribe::All), 60.0, 660.0).from_sfu, 0);
    assert_eq!(Traffic::of(&session(50, Media::Audio, Subscribe::Last(0)), 60.0, 660.0).from_sfu, 0);
}

#[test]
fn a_camera_takes_what_its_clip_does() {
    let clip = include_bytes!("../../../assets/clip.ivf");
    let u32_at = |place: usize| u32::from_le_bytes(clip[place..place + 4].try_into().expect("four bytes"));
    // Frames a second, frames; then each frame's length, before its twelve bytes of header end.
    let seconds = f64::from(u32_at(24)) / f64::from(u32_at(16));
    let (mut place, mut payload, mut packets) = (32, 0, 0);
    while place < clip.len() {
        let length = u32_at(place) as usize;
        payload += length;
        packets += length.div_ceil(1_100);
        place += 12 + length;
    }
    let wire = (payload + packets * HEADER_BYTES as usize) as f64 / seconds;
    let planned = VIDEO_BYTES_PER_SECOND as f64;
    assert!(wire <= planned && wire > planned * 0.85, "{wire} bytes a second, {planned} planned");
    let both = Traffic::of(&session(2, Media::AudioAndVideo, Subscribe::All), 0.0, 10.0);
    assert_eq!(both.from_sfu, 2 * 10 * (5_000 + 13_300));
}

#[test]
fn an_allowance_covers_what_it_says_and_is_exceeded_by_what_was_received() {
    let takes = |from_sfu| Traffic { to_sfu: 0, from_sfu };
    let allowance = Allowance::gigabytes(0.012);
    assert!(
        allowance.covers(takes(10_909_090)) && !allowance.covers(takes(10_909_091)),
        "a tenth more is wanted"
    );
    assert_eq!(to_allow(12_000_001), "0.013");
    let live = |name: &str, total| Live {
        counters: vec![LiveCounter { name: name.to_owned(), total }],
        ..Live::default()
    };
    assert_eq!(allowance.exceeded(&live(RECEIVED, 12_000_000)), None);
    assert_eq!(allowance.exceeded(&live("media_bytes_sent", 99_000_000)), None);
    assert_eq!(
        allowance.exceeded(&live(RECEIVED, 13_000_000)).as_deref(),
        Some("the SFU has sent 0.013 GB, and 0.012 GB were allowed (--allow-egress-gb)")
    );
}
