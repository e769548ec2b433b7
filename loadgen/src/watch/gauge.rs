//! How goals and the generator stand, as gauges: how much of what is allowed is used up so far.

use std::time::Duration;

use engine::{
    goal::{Kind, Standing},
    record::{self, Live},
};

use super::stream::GoalCard;

/// From this part of the allowance on, a gauge is near its end.
const NEAR: f64 = 0.7;
/// The generator may be late by this part of the tightest limit: see [`engine::gate`].
const LATE: f64 = 0.1;
/// It may keep this part of its cores busy: see [`engine::gate`].
const BUSY: f64 = 0.9;

/// How something stands. Never a verdict: those come at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It will not be judged, or not here.
    Aside,
    /// Nothing was seen yet.
    Unseen,
    /// Well within what is allowed.
    Fine,
    /// Most of what is allowed is used.
    Near,
    /// More is used than is allowed.
    Over,
}

/// A goal, so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// Its name.
    pub name: String,
    /// What is promised.
    pub limit: String,
    /// The part of the allowance that is used: 1 is all of it. None where there is no share to take.
    pub used: Option<f64>,
    /// How it stands.
    pub level: Level,
    /// The same in a word or two.
    pub word: &'static str,
}

/// The generator itself, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Health {
    /// p99 of its own delay of starts in the newest second.
    pub lateness: Option<Duration>,
    /// The most it may be.
    pub lateness_allowed: Option<Duration>,
    /// Cores it kept busy.
    pub cores: Option<f64>,
    /// Cores the machine allows it.
    pub cores_allowed: f64,
}

impl Gauge {
    /// A goal of which so much was seen.
    pub fn new(card: &GoalCard, seen: record::Standing) -> Self {
        let used = used(card, seen);
        let level = match (&card.standing, used) {
            (Standing::NotApplicable(_) | Standing::NotMeasured(_) | Standing::Invalid(_), _) => Level::Aside,
            _ if card.allowed == 0.0 || card.kind == Kind::Exact => exact(seen),
            _ if !card.judged => Level::Aside,
            (_, None) => Level::Unseen,
            (_, Some(used)) => level(used),
        };
        let word = word(card, level);
        Self { name: card.name.clone(), limit: card.limit.clone(), used, level, word }
    }
}

/// The part of its allowance that a goal has used.
fn used(card: &GoalCard, seen: record::Standing) -> Option<f64> {
    let shares = card.allowed > 0.0 && card.kind != Kind::Exact && card.standing == Standing::Applies;
    (shares && seen.n > 0).then(|| seen.bad as f64 / seen.n as f64 / card.allowed)
}

fn exact(seen: record::Standing) -> Level {
    if seen.bad > 0 { Level::Over } else { Level::Fine }
}

fn level(used: f64) -> Level {
    match used {
        used if used >= 1.0 => Level::Over,
        used if used >= NEAR => Level::Near,
        _ => Level::Fine,
    }
}

fn word(card: &GoalCard, level: Level) -> &'static str {
    let exact = card.allowed == 0.0 || card.kind == Kind::Exact;
    match (level, &card.standing) {
        (Level::Aside, Standing::NotApplicable(_)) => "not applicable",
        (Level::Aside, Standing::NotMeasured(_)) => "not measured",
        (Level::Aside, Standing::Invalid(_)) => "invalid",
        (Level::Aside, Standing::Applies) => "too few planned",
        (Level::Unseen, _) => "nothing yet",
        (Level::Fine, _) if exact => "ok",
        (Level::Over, _) if exact => "broken",
        (Level::Fine, _) => "fine",
        (Level::Near, _) => "near",
        (Level::Over, _) => "over",
    }
}

impl Health {
    /// How the generator fares in a scenario with this tightest limit.
    pub fn new(live: &Live, tightest_ms: Option<f64>, cores_allowed: f64) -> Self {
        let allowed = tightest_ms.map(|limit| Duration::from_secs_f64(limit * LATE / 1e3));
        Self { lateness: live.lateness_p99, lateness_allowed: allowed, cores: live.cores, cores_allowed }
    }

    /// How its lateness stands.
    pub fn lateness_level(&self) -> Level {
        match (self.lateness, self.lateness_allowed) {
            (Some(late), Some(allowed)) if !allowed.is_zero() => {
                level(late.as_secs_f64() / allowed.as_secs_f64())
            }
            _ => Level::Unseen,
        }
    }

    /// How its use of the processor stands.
    pub fn cores_level(&self) -> Level {
        match self.cores {
            Some(cores) if self.cores_allowed > 0.0 => level(cores / (BUSY * self.cores_allowed)),
            _ => Level::Unseen,
        }
    }
}
