//! Requests that are refused.

use super::{Blow, Fault, Hit, refusal};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// The request takes its planned time, has no effect, and is answered with `status` in FastAPI's shape; 429 and
/// 503 with `Retry-After: retry_after_s`, which is 1 where the plan does not say.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Error {
    status: u16,
    retry_after_s: Option<u32>,
}

impl Fault for Error {
    const NAME: &'static str = "error";

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        let status = keys.whole("status", 400..=599)?;
        Ok(Self {
            status: keys.needed("status", status)? as u16,
            retry_after_s: keys.whole("retry_after_s", 1..=86_400)?.map(|seconds| seconds as u32),
        })
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.refusal.get_or_insert_with(|| refusal(self.status, self.retry_after_s));
    }
}
