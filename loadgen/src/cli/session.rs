//! The shape of the live session: arguments that several programs share.

use clap::Args;

use crate::live::{LiveSession, Media, PARTICIPANTS, SPEAKERS, Subscribe};

/// The shape of the live session; every other scenario ignores it.
#[derive(Debug, Args)]
pub struct Session {
    /// How many take part in the live session; with others than 50 it is another load than launch day's. Chat grows with
    /// the square of it, and a mock takes 100 unless its --session-capacity says more
    #[arg(long, value_name = "N", default_value_t = PARTICIPANTS, value_parser = clap::value_parser!(u64).range(1..=2_000))]
    participants: u64,

    /// Whose tracks each of them receives: of the last N speakers, or all. Each track is 50 packets a second to decrypt;
    /// `all` is N times N of them
    #[arg(long, value_name = "N|all", default_value_t = Subscribe::Last(SPEAKERS))]
    subscribe: Subscribe,

    /// Send a camera's picture beside the voice: VP8, 15 frames and about 100 kbit a second more for each track
    #[arg(long)]
    video: bool,

    /// What participants send: a voice (Opus, 50 packets a second), or none, where the SFU is asked and no packets follow
    /// [default: audio, unless this build has no media]
    #[arg(long, value_name = "audio|none", value_parser = str::parse::<Media>)]
    media: Option<Media>,
}

impl Session {
    /// The shape it asks for.
    pub fn shape(&self) -> Result<LiveSession, String> {
        let media = Media::asked(self.media, self.video)?;
        Ok(LiveSession { participants: self.participants, media, subscribe: self.subscribe })
    }
}
