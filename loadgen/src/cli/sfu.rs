//! The SFU of live sessions: arguments that several verbs share.

use clap::Args;
use engine::exit::Exit;

use super::Refusal;
use crate::{options::Options, plan_text, safety, sfu::Choice, suite};

/// Which SFU carries live sessions.
#[derive(Debug, Args)]
pub(super) struct Sfu {
    /// Where live sessions have their SFU: `target` (where the API says), the URL of another that takes the API's video
    /// tokens, or `cloudflare`: Cloudflare Realtime, whose traffic has a price, with the application in
    /// `CLOUDFLARE_REALTIME_APP_ID` and `CLOUDFLARE_REALTIME_APP_SECRET` (and `CLOUDFLARE_REALTIME_URL`)
    #[arg(long = "sfu", value_name = "target|URL|cloudflare", default_value_t = Choice::Target)]
    pub(super) choice: Choice,
}

/// What an SFU that has its price may send.
#[derive(Debug, Args)]
pub(super) struct Egress {
    /// With --sfu cloudflare: gigabytes that its SFU may send, at least what `plan` estimates; above that the live
    /// session ends
    #[arg(long = "allow-egress-gb", value_name = "GB", value_parser = gigabytes)]
    allowed: Option<f64>,
}

impl Egress {
    /// The same options, with what was allowed. Refused is a plan that takes more.
    pub(super) fn applied(&self, options: Options) -> Result<Options, Refusal> {
        if !options.target.is_paid_for() {
            return Ok(options);
        }
        let media = plan_text::media(&suite::plans(&options, &"plan".into()));
        let allowance = safety::costs(media, self.allowed).map_err(|why| Refusal {
            exit: Exit::Unreachable,
            why: format!("--sfu cloudflare is refused: {why}"),
        })?;
        Ok(Options { allowance: Some(allowance), ..options })
    }
}

fn gigabytes(text: &str) -> Result<f64, String> {
    let gigabytes: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let within = (0.0..=100_000.0).contains(&gigabytes);
    if within { Ok(gigabytes) } else { Err(format!("`{text}` is not within 0 to 100 000 gigabytes")) }
}
