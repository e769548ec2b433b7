//! The media of a live session, as a participant's browser carries it: what is sent and when, and what arrived.
//!
//! What decides anything is pure and always compiled; [`peer`] does ICE, DTLS and SRTP on a UDP socket and needs the
//! feature `media`.

pub mod clip;
pub mod dues;
pub(crate) mod lateness;
pub mod pace;
pub mod reception;
pub mod sequence;
pub(crate) mod series;
pub mod vp8;

#[cfg(feature = "media")]
mod demux;
#[cfg(feature = "media")]
mod feedback;
#[cfg(feature = "media")]
mod line;
#[cfg(feature = "media")]
mod milestones;
#[cfg(feature = "media")]
pub(crate) mod peer;
#[cfg(feature = "media")]
mod receiving;
#[cfg(feature = "media")]
mod sending;

/// A published track: the session with the SFU that sends it, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The session that publishes it.
    pub session_id: String,
    /// Its name.
    pub track_name: String,
}

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A microphone.
    Audio,
    /// A camera.
    Video,
}

impl Kind {
    /// What it is called in the names of tracks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}
