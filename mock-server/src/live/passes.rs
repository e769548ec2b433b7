//! The tokens of live sessions: opaque, random, each good for one purpose of one participation.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::sync::lock;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The session's HTTP calls.
    Access,
    /// Its socket.
    Socket,
    /// Its video.
    Video,
    /// Everything in an application of the SFU's own; no token stands for that.
    Application,
}

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) purpose: Purpose,
    pub(crate) session_id: String,
    pub(crate) user_id: String,
    pub(crate) participant_id: String,
}

/// All tokens that are good now.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    by_token: Mutex<HashMap<String, Pass>>,
}

impl Passes {
    /// Makes a token good for `pass`.
    pub(crate) fn issue(&self, token: String, pass: Pass) {
        lock(&self.by_token).insert(token, pass);
    }

    /// Ends one token.
    pub(crate) fn withdraw(&self, token: &str) {
        lock(&self.by_token).remove(token);
    }

    /// What a token stands for, if it is good for `purpose`.
    pub(crate) fn read(&self, token: &str, purpose: Purpose) -> Option<Pass> {
        lock(&self.by_token).get(token).filter(|pass| pass.purpose == purpose).cloned()
    }

    /// Ends all tokens of these participations.
    pub(crate) fn revoke(&self, participants: &[String]) {
        if !participants.is_empty() {
            lock(&self.by_token).retain(|_, pass| !participants.contains(&pass.participant_id));
        }
    }
}

/// A new token, which says what it is for.
pub(crate) fn new_token(prefix: &str) -> String {
    format!("{prefix}_{}", random_text::<24>())
}

/// `N` random bytes as URL-safe text.
pub(crate) fn random_text<const N: usize>() -> String {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system has random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}
