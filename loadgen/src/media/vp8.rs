//! VP8 frames in RTP packets (RFC 7741).

use std::sync::Arc;

/// Bytes of a frame that go into one packet: with the headers of SRTP, UDP and IPv6 it stays below 1 280.
const FRAGMENT_BYTES: usize = 1_100;
/// Extended control bits follow; the packet begins a partition (RFC 7741, 4.2).
const EXTENDED: u8 = 0x80;
const START: u8 = 0x10;
/// A picture id follows, of 15 bits.
const PICTURE_ID: u8 = 0x80;
const LONG_ID: u16 = 0x8000;

/// The payloads of one frame; the last one's packet carries the marker.
pub fn payloads(frame: &[u8], picture_id: u16) -> Vec<Arc<[u8]>> {
    let fragments = frame.chunks(FRAGMENT_BYTES).enumerate();
    fragments
        .map(|(place, fragment)| {
            let first = if place == 0 { EXTENDED | START } else { EXTENDED };
            let [high, low] = (LONG_ID | picture_id).to_be_bytes();
            [&[first, PICTURE_ID, high, low], fragment].concat().into()
        })
        .collect()
}
