//! The hero image in the size that is asked for.

use fixtures::Stream;
use flate2::Crc;

/// The picture with its fine grain: what it takes at weight 1.
const FULL: &[u8] = include_bytes!("static/hero.png");
/// The same in flat colours, a tenth of the bytes.
const PLAIN: &[u8] = include_bytes!("static/hero-plain.png");

/// Bytes at weight 1.
pub(super) const USUAL: usize = FULL.len();

/// The chunk that fills up: ancillary, private, safe to copy (PNG specification, 5.4), so that decoders skip it.
const FILL: [u8; 4] = *b"wmAa";
/// A chunk's length, type and checksum.
const FRAME: usize = 12;

/// The picture in so many bytes, or the fewest it can do with.
pub(super) fn picture(bytes: usize) -> Vec<u8> {
    let picture = if bytes < FULL.len() { PLAIN } else { FULL };
    match bytes.checked_sub(picture.len() + FRAME) {
        None => picture.to_vec(),
        Some(room) => filled(picture, room),
    }
}

/// The picture with a chunk of so many bytes, before its last chunk, which is empty. They are noise: a browser counts
/// the bytes of an image that come, whatever they say, and nothing on the way makes fewer of them.
fn filled(picture: &[u8], room: usize) -> Vec<u8> {
    let (before, end) = picture.split_at(picture.len() - FRAME);
    let mut noise = Stream::new(fixtures::DEFAULT_SEED, "hero", 0);
    let mut data = Vec::with_capacity(room + 8);
    while data.len() < room {
        data.extend(noise.bits().to_le_bytes());
    }
    data.truncate(room);
    let mut checksum = Crc::new();
    checksum.update(&FILL);
    checksum.update(&data);
    let length = u32::try_from(room).expect("a weight is at most 20").to_be_bytes();
    [before, &length, &FILL, &data, &checksum.sum().to_be_bytes(), end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chunks of a PNG; fails where one is not whole.
    fn chunks(png: &[u8]) -> Vec<([u8; 4], usize)> {
        let mut left = png.strip_prefix(b"\x89PNG\r\n\x1a\n").expect("a PNG");
        let mut chunks = Vec::new();
        while let Some((length, rest)) = left.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let (body, rest) = rest.split_at(length + 4);
            let (said, rest) = rest.split_first_chunk::<4>().expect("a checksum");
            let mut checksum = Crc::new();
            checksum.update(body);
            assert_eq!(u32::from_be_bytes(*said), checksum.sum());
            chunks.push((*body.first_chunk::<4>().expect("a type"), length));
            left = rest;
        }
        chunks
    }

    #[test]
    fn it_takes_the_bytes_it_is_asked_for_and_is_whole() {
        for bytes in [10_000, USUAL - 1, USUAL, USUAL + FRAME, USUAL + FRAME + 1, 200_003, 1_813_400] {
            let png = picture(bytes);
            assert_eq!(png.len(), bytes);
            let types: Vec<[u8; 4]> = chunks(&png).into_iter().map(|(kind, _)| kind).collect();
            assert_eq!((types.first(), types.last()), (Some(b"IHDR"), Some(b"IEND")));
            assert_eq!(types.contains(&FILL), bytes != USUAL, "{bytes}");
        }
        assert_eq!(picture(100), PLAIN);
        assert_eq!(picture(USUAL + FRAME - 1), FULL, "there is no room for a chunk");
    }
}
