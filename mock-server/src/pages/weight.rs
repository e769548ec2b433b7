//! How heavy the pages are.

use std::fmt;
use std::str::FromStr;

/// A factor on the sizes of what the pages are made of, from 0.1 to 20. 1 is about what a well-kept site sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageWeight(f64);

/// Not a weight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number from 0.1 to 20")]
pub struct PageWeightError(String);

impl PageWeight {
    /// What takes so many bytes at weight 1 takes about so many at this one.
    pub(crate) fn bytes(self, usual: usize) -> usize {
        (usual as f64 * self.0).round() as usize
    }
}

impl Default for PageWeight {
    fn default() -> Self {
        Self(1.0)
    }
}

impl FromStr for PageWeight {
    type Err = PageWeightError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let factor = text.parse().ok().filter(|factor| (0.1..=20.0).contains(factor));
        factor.map(Self).ok_or_else(|| PageWeightError(text.to_owned()))
    }
}

impl fmt::Display for PageWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
