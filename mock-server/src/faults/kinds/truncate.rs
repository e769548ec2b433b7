//! Bodies that end too early.

use super::{Blow, Cut, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// `Content-Length` promises the whole body; `bytes` of it come (half of it where the plan does not say, never all),
/// then the connection closes. A body of no bytes cannot be cut.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Truncate {
    cut: Cut,
}

impl Fault for Truncate {
    const NAME: &'static str = "truncate";

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        let bytes = keys.whole("bytes", 0..=Keys::GIB)?;
        Ok(Self { cut: bytes.map_or(Cut::Half, |bytes| Cut::After(bytes as usize)) })
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.cut = Some(self.cut);
    }
}
