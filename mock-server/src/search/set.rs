//! Sets of documents, as bits.

/// A set of documents, by their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocSet {
    words: Vec<u64>,
}

impl DocSet {
    /// No document, of `documents` there are.
    pub(crate) fn none(documents: usize) -> Self {
        Self { words: vec![0; documents.div_ceil(64)] }
    }

    /// Adds a document.
    pub(crate) fn insert(&mut self, doc: u32) {
        self.words[doc as usize / 64] |= 1 << (doc % 64);
    }

    /// Whether it is in.
    pub(crate) fn contains(&self, doc: u32) -> bool {
        self.words[doc as usize / 64] & (1 << (doc % 64)) != 0
    }

    /// Keeps what the other has too.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
    }
}
