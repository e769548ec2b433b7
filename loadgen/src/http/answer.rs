//! An HTTP/1.1 answer as it comes in (RFC 9112): a head, then a body of a known length, in chunks, or up to the end
//! of the connection. Reads bytes it is given; knows no sockets.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use httparse::Status;

use super::client::Received;

/// Headers of one answer, and bytes of a head or of a line between chunks, at most.
const MOST_HEADERS: usize = 100;
const MOST_HEAD_BYTES: usize = 64 * 1024;
/// Room made for a body before it has come: what is announced need not be true.
const ROOM_BYTES: usize = 256 * 1024;

/// Why something is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is not HTTP/1.1.
    Protocol(String),
    /// Its body is larger than what is read.
    TooLarge,
}

/// An answer of which some has come in.
#[derive(Debug)]
pub(super) struct Answer {
    /// It is one to `HEAD`.
    head_only: bool,
    most: usize,
    head: Option<Head>,
    rest: Rest,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    /// The connection may carry another request (RFC 9112, 9.3).
    keeps: bool,
}

/// What is still to come of a body (RFC 9112, 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Length(usize),
    ToTheEnd,
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
}

impl Answer {
    /// The answer to a request by this method, with a body of at most so many bytes.
    pub(super) fn new(method: &Method, most: usize) -> Self {
        Self { head_only: *method == Method::HEAD, most, head: None, rest: Rest::Nothing, body: Vec::new() }
    }

    /// Takes what has come in, and says how much of it was used. What was not has to be given again, with more
    /// behind it, unless the answer is whole.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, Wrong> {
        let mut used = 0;
        while self.head.is_none() {
            let Some((length, head)) = read_head(&bytes[used..])? else { return Ok(used) };
            used += length;
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(protocol("101, unasked"));
            }
            if head.status.is_informational() {
                continue;
            }
            self.rest = if self.head_only { Rest::Nothing } else { rest(&head)? };
            if let Rest::Length(length) = self.rest {
                self.body.reserve_exact(length.min(ROOM_BYTES));
            }
            self.head = Some(head);
        }
        while let Some(some) = self.take_body(&bytes[used..])? {
            used += some;
        }
        Ok(used)
    }

    /// How many more bytes are used of the body and what is around it; `None` when more is needed.
    fn take_body(&mut self, bytes: &[u8]) -> Result<Option<usize>, Wrong> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let used = match self.rest {
            Rest::Nothing => return Ok(None),
            Rest::Length(left) => {
                let some = left.min(bytes.len());
                self.keep(&bytes[..some])?;
                self.rest = if some == left { Rest::Nothing } else { Rest::Length(left - some) };
                some
            }
            Rest::ToTheEnd => {
                self.keep(bytes)?;
                bytes.len()
            }
            Rest::ChunkSize => match httparse::parse_chunk_size(bytes) {
                Ok(Status::Complete((length, size))) => {
                    self.rest = if size == 0 { Rest::Trailers } else { Rest::ChunkData(size) };
                    length
                }
                Ok(Status::Partial) => return waiting(bytes),
                Err(_) => return Err(protocol("a chunk without its size")),
            },
            Rest::ChunkData(left) => {
                let some = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.keep(&bytes[..some])?;
                let left = left - some as u64;
                self.rest = if left == 0 { Rest::ChunkEnd } else { Rest::ChunkData(left) };
                some
            }
            Rest::ChunkEnd => {
                if bytes.starts_with(b"\r\n") {
                    self.rest = Rest::ChunkSize;
                    2
                } else if bytes == b"\r" {
                    return Ok(None);
                } else {
                    return Err(protocol("a chunk longer than it said"));
                }
            }
            Rest::Trailers => {
                let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return waiting(bytes) };
                if matches!(&bytes[..end], b"" | b"\r") {
                    self.rest = Rest::Nothing;
                }
                end + 1
            }
        };
        Ok(Some(used))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        if self.body.len() + bytes.len() > self.most {
            return Err(Wrong::TooLarge);
        }
        self.body.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether nothing more is to come.
    pub(super) fn is_whole(&self) -> bool {
        self.head.is_some() && self.rest == Rest::Nothing
    }

    /// Whether the end of the connection makes it whole.
    pub(super) fn ends_here(&self) -> bool {
        self.is_whole() || self.rest == Rest::ToTheEnd
    }

    /// The largest body it may have.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The answer, and whether its connection may carry another request; `None` while there is no head.
    pub(super) fn received(self) -> Option<(Received, bool)> {
        let Head { status, headers, keeps } = self.head?;
        let keeps = keeps && self.rest == Rest::Nothing;
        Some((Received { status, headers, body: Bytes::from(self.body) }, keeps))
    }
}

fn protocol(what: impl std::fmt::Display) -> Wrong {
    Wrong::Protocol(format!("not HTTP/1.1: {what}"))
}

/// More is needed, within bounds.
fn waiting<T>(bytes: &[u8]) -> Result<Option<T>, Wrong> {
    if bytes.len() > MOST_HEAD_BYTES { Err(protocol("a head without an end")) } else { Ok(None) }
}

/// A head and its length, once all of it is there.
fn read_head(bytes: &[u8]) -> Result<Option<(usize, Head)>, Wrong> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let read =
        config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut fields).map_err(protocol)?;
    let Status::Complete(length) = read else { return waiting(bytes) };
    let status = StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(protocol)?;
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for field in &*parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(protocol)?;
        headers.append(name, HeaderValue::from_bytes(field.value).map_err(protocol)?);
    }
    let keeps = if parsed.version == Some(1) {
        !says(&headers, header::CONNECTION, "close")
    } else {
        says(&headers, header::CONNECTION, "keep-alive")
    };
    Ok(Some((length, Head { status, headers, keeps })))
}

/// Whether a header lists this word, in whatever case.
fn says(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|said| said.trim().eq_ignore_ascii_case(word))
}

/// What comes after a head (RFC 9112, 6.3).
fn rest(head: &Head) -> Result<Rest, Wrong> {
    if matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Rest::Nothing);
    }
    if head.headers.contains_key(header::TRANSFER_ENCODING) {
        let chunked = says(&head.headers, header::TRANSFER_ENCODING, "chunked");
        return Ok(if chunked { Rest::ChunkSize } else { Rest::ToTheEnd });
    }
    let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).into_iter();
    let Some(first) = lengths.next() else { return Ok(Rest::ToTheEnd) };
    if lengths.any(|other| other != first) {
        return Err(protocol("two lengths"));
    }
    let digits = first.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse().ok()) {
        Some(0) => Ok(Rest::Nothing),
        Some(length) => Ok(Rest::Length(length)),
        None => Err(protocol("a length that is no number")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives an answer in these pieces, as a connection would; then the connection ends.
    fn given(pieces: &[&[u8]]) -> Result<Option<(Received, bool)>, Wrong> {
        let mut answer = Answer::new(&Method::GET, 100_000);
        let mut unused = Vec::new();
        for piece in pieces {
            unused.extend_from_slice(piece);
            let used = answer.take(&unused)?;
            unused.drain(..used);
        }
        Ok(if answer.ends_here() { answer.received() } else { None })
    }

    fn whole(text: &str) -> Option<(String, bool)> {
        let (received, keeps) = given(&[text.as_bytes()]).expect("it is HTTP")?;
        Some((String::from_utf8(received.body.to_vec()).expect("text"), keeps))
    }

    #[test]
    fn bodies_end_as_their_heads_say() {
        let body = |text: &str, keeps| Some((text.to_owned(), keeps));
        assert_eq!(whole("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), body("{}", true));
        assert_eq!(
            whole("HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\n{}"),
            body("{}", false)
        );
        assert_eq!(whole("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"), body("{}", false));
        assert_eq!(whole("HTTP/1.1 200 OK\r\n\r\nto the end"), body("to the end", false));
        assert_eq!(
            whole(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nt: 1\r\n\r\n"
            ),
            body("abc", true)
        );
        assert_eq!(whole("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n"), body("", true));
        assert_eq!(whole("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"), body("", true));
    }

    #[test]
    fn what_breaks_off_is_not_whole() {
        assert_eq!(whole("HTTP/1.1 200 OK\r\ncontent-le"), None);
        assert_eq!(whole("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}"), None);
        assert_eq!(whole("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"), None);
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for text in [
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ] {
            assert!(matches!(given(&[text.as_bytes()]), Err(Wrong::Protocol(_))), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn how_it_is_cut_does_not_matter(
            chunks in prop::collection::vec("[a-z]{1,40}", 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let sent: Vec<String> =
                chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let text = [head, &sent.concat(), "0\r\n\r\n"].concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let (received, keeps) = given(&pieces).expect("it is HTTP").expect("it is whole");
            prop_assert_eq!((received.body, keeps), (Bytes::from(chunks.concat()), true));
        }
    }
}
