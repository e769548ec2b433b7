//! What participants send: clips that were encoded beforehand (`assets/README.md` says how), read from their files.

use std::sync::{Arc, LazyLock};

/// Packets of audio in a second: one every 20 ms.
pub const AUDIO_PER_SECOND: u32 = 50;
/// Ticks of an Opus timestamp in a second, whatever the audio was sampled at (RFC 7587, 4.1).
pub const AUDIO_CLOCK: u32 = 48_000;
/// Frames of video in a second.
pub const VIDEO_PER_SECOND: u32 = 15;
/// Ticks of a VP8 timestamp in a second (RFC 7741, 4.1).
pub const VIDEO_CLOCK: u32 = 90_000;

static OPUS: &[u8] = include_bytes!("../../assets/clip.opus");
static IVF: &[u8] = include_bytes!("../../assets/clip.ivf");

/// Why a file is no clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// It ends in the middle, or does not begin as such a file does.
    #[error("the clip is no file of its kind, or cut short")]
    Malformed,
    /// It has its headers and nothing else.
    #[error("the clip has nothing in it")]
    Empty,
}

/// The Opus packets of the clip, 20 ms each.
pub static AUDIO: LazyLock<Vec<Arc<[u8]>>> = LazyLock::new(|| ogg(OPUS).expect("a test reads the clip"));

/// The VP8 frames of the clip; the first is a key frame.
pub static VIDEO: LazyLock<Vec<Arc<[u8]>>> = LazyLock::new(|| ivf(IVF).expect("a test reads the clip"));

/// The audio packets of an Ogg Opus file (RFC 3533, section 6; RFC 7845, section 3): pages of segments, of which one
/// shorter than 255 bytes ends a packet. The first two packets are headers.
pub fn ogg(mut file: &[u8]) -> Result<Vec<Arc<[u8]>>, ClipError> {
    const HEADER_BYTES: usize = 27;
    const HEADERS: usize = 2;
    let mut packets: Vec<Arc<[u8]>> = Vec::new();
    let mut open = Vec::new();
    while !file.is_empty() {
        let (header, rest) = file.split_at_checked(HEADER_BYTES).ok_or(ClipError::Malformed)?;
        if !header.starts_with(b"OggS") {
            return Err(ClipError::Malformed);
        }
        let segments = usize::from(header[HEADER_BYTES - 1]);
        let (lengths, mut body) = rest.split_at_checked(segments).ok_or(ClipError::Malformed)?;
        for length in lengths {
            let (segment, rest) = body.split_at_checked(usize::from(*length)).ok_or(ClipError::Malformed)?;
            open.extend_from_slice(segment);
            body = rest;
            if *length < u8::MAX {
                packets.push(std::mem::take(&mut open).into());
            }
        }
        file = body;
    }
    if packets.first().is_none_or(|head| !head.starts_with(b"OpusHead")) {
        return Err(ClipError::Malformed);
    }
    let audio = packets.split_off(HEADERS.min(packets.len()));
    if audio.is_empty() { Err(ClipError::Empty) } else { Ok(audio) }
}

/// The frames of an IVF file: a header that tells its own length, then each frame's length and timestamp before it.
pub fn ivf(file: &[u8]) -> Result<Vec<Arc<[u8]>>, ClipError> {
    const FRAME_HEADER_BYTES: usize = 12;
    if !file.starts_with(b"DKIF") {
        return Err(ClipError::Malformed);
    }
    let (low, high) = (file.get(6), file.get(7));
    let (Some(low), Some(high)) = (low, high) else { return Err(ClipError::Malformed) };
    let header = usize::from(u16::from_le_bytes([*low, *high]));
    let mut rest = file.get(header..).ok_or(ClipError::Malformed)?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (frame_header, body) = rest.split_at_checked(FRAME_HEADER_BYTES).ok_or(ClipError::Malformed)?;
        let length = u32::from_le_bytes([frame_header[0], frame_header[1], frame_header[2], frame_header[3]]);
        let (frame, after) = body.split_at_checked(length as usize).ok_or(ClipError::Malformed)?;
        frames.push(frame.into());
        rest = after;
    }
    if frames.is_empty() { Err(ClipError::Empty) } else { Ok(frames) }
}
