//! A server that is gone for a while.

use super::{Aim, Blow, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;
use crate::faults::weather::{Direction, Weather};

/// As far as clients can tell nobody is there while the window is open. Open sockets are cut when it opens; whoever
/// asks, or opens a socket, is reset and nothing happens; what was asked before the window has happened, and its answer
/// is lost; no packet passes. The mock still listens (`/health` and `/__admin` are answered as always), so connections
/// are accepted before they are reset, and what it knows it still knows afterwards.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Down;

impl Fault for Down {
    const NAME: &'static str = "down";
    const AIM: Aim = Aim::Everything;
    const UNSCORED: bool = true;

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.is_gone = true;
    }

    fn weather(&self, _: &str, _: Direction) -> Option<Weather> {
        Some(Weather::DEAD)
    }
}
