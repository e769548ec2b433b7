//! What planted defects do to chat.

use serde::{Deserialize, Serialize};

/// What planted defects do to a chat message, by its number; by default nothing.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Slip {
    /// Five in a hundred reach one participant too few.
    pub(crate) loses: bool,
    /// One in ten changes places with the next.
    pub(crate) swaps: bool,
    /// Five in a hundred come twice to one participant.
    pub(crate) doubles: bool,
}

/// Each defect strikes messages of its own, so that all can be planted at once.
impl Slip {
    pub(super) fn loses(self, seq: u64) -> bool {
        self.loses && seq % 20 == 3
    }

    pub(super) fn swaps(self, seq: u64) -> bool {
        self.swaps && seq % 10 == 1
    }

    pub(super) fn doubles(self, seq: u64) -> bool {
        self.doubles && seq % 20 == 5
    }
}
