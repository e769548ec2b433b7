//! What a live session is asked to be: how many take part, what each carries, and whom each listens to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// People in the session, as SCENARIOS.md has it.
pub const PARTICIPANTS: u64 = 50;
/// Others' tracks a participant subscribes to unless asked otherwise.
pub const SPEAKERS: usize = 4;

/// The shape of the live session. Part of what is planned: another shape is another load, and its digest shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSession {
    /// How many take part.
    pub participants: u64,
    /// What each sends.
    pub media: Media,
    /// Whose tracks each receives.
    pub subscribe: Subscribe,
}

impl Default for LiveSession {
    /// Fifty people with a microphone each who hear the last four speakers; without the feature `media`, none is
    /// heard.
    fn default() -> Self {
        Self {
            participants: PARTICIPANTS,
            media: if Media::IS_BUILT_IN { Media::Audio } else { Media::None },
            subscribe: Subscribe::Last(SPEAKERS),
        }
    }
}

/// What a participant sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Media {
    /// Descriptions are exchanged with the SFU and no packets follow.
    None,
    /// A microphone: an Opus packet every 20 ms.
    Audio,
    /// A microphone and a camera: VP8 beside it.
    AudioAndVideo,
}

impl Media {
    /// Whether this build can carry packets at all (the cargo feature `media`).
    pub const IS_BUILT_IN: bool = cfg!(feature = "media");

    /// What a command line asks for: what was said of media, if anything, and whether a camera is on.
    pub fn asked(said: Option<Self>, video: bool) -> Result<Self, String> {
        match (said, video) {
            (Some(Self::None), true) => {
                Err("--media none sends nothing, so there is no picture either: leave out --video".to_owned())
            }
            (None | Some(Self::None), false) if said.is_some() || !Self::IS_BUILT_IN => Ok(Self::None),
            _ if !Self::IS_BUILT_IN => {
                Err("this build has no media: build it with the cargo feature `media`, or say \
                                            --media none"
                    .to_owned())
            }
            (_, true) => Ok(Self::AudioAndVideo),
            (_, false) => Ok(Self::Audio),
        }
    }
}

impl FromStr for Media {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "audio" => Ok(Self::Audio),
            "none" => Ok(Self::None),
            _ => Err(format!("`{text}` is neither `audio` nor `none`")),
        }
    }
}

/// Whose tracks a participant receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subscribe {
    /// Those of the last few who spoke.
    Last(usize),
    /// Everybody else's: a full mesh.
    All,
}

impl Subscribe {
    /// How many others' tracks one of `participants` receives once all are there.
    pub fn most(self, participants: u64) -> u64 {
        let others = participants.saturating_sub(1);
        match self {
            Self::Last(speakers) => others.min(speakers as u64),
            Self::All => others,
        }
    }
}

impl fmt::Display for LiveSession {
    /// What each of them does, for the digest of a plan.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { participants: _, media, subscribe } = self;
        write!(f, "sends {media}, hears {subscribe}")
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Audio => "audio",
            Self::AudioAndVideo => "audio and video",
        })
    }
}

impl fmt::Display for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last(speakers) => write!(f, "{speakers}"),
            Self::All => f.write_str("all"),
        }
    }
}

impl FromStr for Subscribe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(speakers @ 0..=64)) => Ok(Self::Last(speakers)),
            _ => Err(format!("`{text}` is neither a number of speakers (0 to 64) nor `all`")),
        }
    }
}
