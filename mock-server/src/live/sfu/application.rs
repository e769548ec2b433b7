//! An application of the SFU's own, as Cloudflare Realtime has them: whoever knows its secret may do everything in it,
//! and nothing in it belongs to a live session.

use std::fmt;

use contract::ApiError;

use crate::admin::is_same;
use crate::live::passes::{Pass, Purpose};

/// An application, and the secret that opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct SfuApp {
    /// Its id, as in `/v1/apps/{id}/…`.
    pub id: String,
    /// What its calls have as bearer.
    pub secret: String,
}

impl SfuApp {
    /// What the secret stands for: one owner of all the application's sessions, so that each of them may subscribe to
    /// the tracks of any other.
    pub(crate) fn pass(&self, token: &str) -> Result<Pass, ApiError> {
        if !is_same(token, &self.secret) {
            return Err(ApiError::unauthorized("This is not the application's secret"));
        }
        Ok(Pass {
            purpose: Purpose::Application,
            session_id: self.id.clone(),
            user_id: self.id.clone(),
            participant_id: self.id.clone(),
        })
    }
}

impl fmt::Debug for SfuApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SfuApp").field("id", &self.id).finish_non_exhaustive()
    }
}
