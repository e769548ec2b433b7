//! Packets that are lost or late.

use std::time::Duration;

use super::{Aim, Fault};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;
use crate::faults::weather::{Direction, Weather};

/// `loss` of a participant's packets never arrive, the others come `delay_ms` later, and up to `jitter_ms` more or
/// less, evenly. `direction` says which packets: those from the SFU to the participant (`down`, where the plan does
/// not say), those to it (`up`), or `both`. `user` narrows it to one participant; else `share` of the participants are
/// struck, each for good: who they are is drawn from their user ids. `loss = 1` is a path that is dead, for ICE and
/// DTLS as well. Participants are counted, not packets.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Media {
    weather: Weather,
    /// Both where there is none.
    direction: Option<Direction>,
    user: Option<String>,
}

impl Fault for Media {
    const NAME: &'static str = "media";
    const AIM: Aim = Aim::Only(Place::Media);

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        let loss = keys.number("loss", 0.0..=1.0)?.unwrap_or(0.0);
        let delay_ms = keys.number("delay_ms", 0.0..=Keys::HOUR_MS)?.unwrap_or(0.0);
        let jitter_ms = keys.number("jitter_ms", 0.0..=delay_ms)?.unwrap_or(0.0);
        if loss + delay_ms <= 0.0 {
            return Err(keys.at_its_head("it needs loss or delay_ms, or nothing happens".to_owned()));
        }
        let [delay, jitter] = [delay_ms, jitter_ms].map(|millis| Duration::from_secs_f64(millis / 1e3));
        let directions = [("down", Some(Direction::Down)), ("up", Some(Direction::Up)), ("both", None)];
        Ok(Self {
            weather: Weather { loss, delay, jitter },
            direction: keys.one_of("direction", &directions)?.unwrap_or(Some(Direction::Down)),
            user: keys.text("user")?.map(toml::Spanned::into_inner),
        })
    }

    fn weather(&self, user: &str, direction: Direction) -> Option<Weather> {
        let is_meant = self.user.as_ref().is_none_or(|meant| meant == user);
        (is_meant && self.direction.is_none_or(|meant| meant == direction)).then_some(self.weather)
    }
}
