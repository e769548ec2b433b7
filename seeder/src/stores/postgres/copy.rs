//! Rows in the binary form of COPY: PostgreSQL documentation, "COPY", section "Binary Format".

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a stream of rows begins with: signature, no flags, no extension.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with, in place of a number of columns.
const TRAILER: i16 = -1;
/// Microseconds from 1970 to 2000, where Postgres counts from.
const EPOCH_2000_MICROS: i64 = 946_684_800_000_000;
/// The type `text`, as an array names what it holds.
const TEXT_OID: u32 = 25;

/// Rows as COPY takes them.
#[derive(Debug)]
pub(crate) struct Tuples {
    bytes: Vec<u8>,
    rows: u64,
}

impl Tuples {
    /// No rows yet.
    pub(crate) fn new() -> Self {
        Self { bytes: HEADER.to_vec(), rows: 0 }
    }

    /// How many rows there are.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Begins a row of this many columns; as many [`Tuples::put`] must follow.
    pub(crate) fn begin(&mut self, columns: usize) {
        let columns = i16::try_from(columns).expect("a table has fewer than 1 600 columns");
        self.bytes.extend_from_slice(&columns.to_be_bytes());
        self.rows += 1;
    }

    /// Writes the next column.
    #[expect(clippy::needless_pass_by_value, reason = "values are small, and read better without a `&` each")]
    pub(crate) fn put(&mut self, value: impl Field) -> &mut Self {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
        if value.append(&mut self.bytes) {
            let length = (self.bytes.len() - at - 4) as u32;
            self.bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
        }
        self
    }

    /// The whole stream.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&TRAILER.to_be_bytes());
        self.bytes
    }
}

/// A value of a column.
pub(crate) trait Field {
    /// Appends the value; false for NULL, which has no bytes.
    fn append(&self, to: &mut Vec<u8>) -> bool;
}

/// `uuid`, given as the text that the world's ids are.
pub(crate) struct Id<'a>(pub(crate) &'a str);

impl Field for Id<'_> {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        let id = Uuid::parse_str(self.0).expect("the world's ids of this kind are UUIDs");
        to.extend_from_slice(id.as_bytes());
        true
    }
}

/// `text`.
impl Field for &str {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        to.extend_from_slice(self.as_bytes());
        true
    }
}

/// `text`, as serde spells a value that has only a name.
pub(crate) struct Name<T>(pub(crate) T);

impl<T: serde::Serialize> Field for Name<T> {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        use std::io::Write as _;
        write!(to, "{}", Spelled(&self.0)).expect("a name serialises, and memory takes it");
        true
    }
}

struct Spelled<'a, T>(&'a T);

impl<T: serde::Serialize> std::fmt::Display for Spelled<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.serialize(f)
    }
}

/// `boolean`.
impl Field for bool {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        to.push(u8::from(*self));
        true
    }
}

/// `integer`.
impl Field for u32 {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        let value = i32::try_from(*self).expect("the world's counts fit an integer");
        to.extend_from_slice(&value.to_be_bytes());
        true
    }
}

/// `bigint`.
impl Field for u64 {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        let value = i64::try_from(*self).expect("the world's amounts fit a bigint");
        to.extend_from_slice(&value.to_be_bytes());
        true
    }
}

/// `double precision`.
impl Field for f64 {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        to.extend_from_slice(&self.to_be_bytes());
        true
    }
}

/// `timestamptz`.
impl Field for DateTime<Utc> {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        to.extend_from_slice(&(self.timestamp_micros() - EPOCH_2000_MICROS).to_be_bytes());
        true
    }
}

/// `text[]`, of one dimension, or of none when it is empty.
impl Field for &[String] {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        let dimensions = u32::from(!self.is_empty());
        for word in [dimensions, 0, TEXT_OID] {
            to.extend_from_slice(&word.to_be_bytes());
        }
        if !self.is_empty() {
            to.extend_from_slice(&(self.len() as u32).to_be_bytes());
            to.extend_from_slice(&1_u32.to_be_bytes());
        }
        for text in *self {
            to.extend_from_slice(&(text.len() as u32).to_be_bytes());
            to.extend_from_slice(text.as_bytes());
        }
        true
    }
}

/// NULL, or a value.
impl<T: Field> Field for Option<T> {
    fn append(&self, to: &mut Vec<u8>) -> bool {
        self.as_ref().is_some_and(|value| value.append(to))
    }
}
