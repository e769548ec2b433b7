//! What a preflight found: pure data, and what follows from it.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Serialize, Serializer};

use super::{Wanted, shape::Difference};

/// Why an endpoint is not as the contract has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Trouble {
    /// The target has no such route.
    Missing {
        /// 404, 405 or 501.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// The target's profile says that it has no such route; it was not asked.
    Declared {
        /// Why, in the profile's words.
        detail: String,
    },
    /// It answered, and not in the contract's shape.
    Differs {
        /// Where, with what was expected and what came.
        differences: Vec<Difference>,
    },
    /// It refused, or failed.
    Refused {
        /// The status.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// There was no whole answer.
    Unanswered {
        /// What happened instead.
        detail: String,
    },
    /// It could not be asked: what it needs comes from another route, which failed.
    NotAsked {
        /// Which.
        needs: &'static str,
    },
}

/// A kind of finding, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// As the contract has it.
    Ok,
    /// No such route.
    Missing,
    /// Another shape.
    Differs,
    /// Refused.
    Refused,
    /// No answer.
    Unanswered,
    /// Not asked.
    NotAsked,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Differs => "shape differs",
            Self::Refused => "refused",
            Self::Unanswered => "no answer",
            Self::NotAsked => "not asked",
        })
    }
}

impl Trouble {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. } | Self::Declared { .. } => Kind::Missing,
            Self::Differs { .. } => Kind::Differs,
            Self::Refused { .. } => Kind::Refused,
            Self::Unanswered { .. } => Kind::Unanswered,
            Self::NotAsked { .. } => Kind::NotAsked,
        }
    }

    /// It in sentences, one a line.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Self::Missing { status, detail } | Self::Refused { status, detail } => {
                vec![format!("{status} {detail}").trim_end().to_owned()]
            }
            Self::Declared { detail } => vec![format!("the target's profile says so: {detail}")],
            Self::Differs { differences } => differences.iter().map(ToString::to_string).collect(),
            Self::Unanswered { detail } => vec![detail.clone()],
            Self::NotAsked { needs } => vec![format!("needs {needs}, which failed")],
        }
    }
}

/// One endpoint, asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probed {
    /// Its one name.
    pub route: &'static str,
    /// What is wrong with it, if anything is.
    #[serde(flatten)]
    pub trouble: Option<Trouble>,
    /// How long it took, connection included; nothing when it was not asked.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Option<Duration>,
    /// The scenarios that cannot work because of it.
    pub disables: Vec<&'static str>,
}

impl Probed {
    /// Its finding's kind.
    pub fn kind(&self) -> Kind {
        self.trouble.as_ref().map_or(Kind::Ok, Trouble::kind)
    }
}

/// Whether a scenario can work, by what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fitness {
    /// The scenario.
    pub name: &'static str,
    /// The routes that keep it from working; none when it can.
    pub lacks: Vec<&'static str>,
}

/// Everything a preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The endpoints, in the contract's order.
    pub endpoints: Vec<Probed>,
    /// The scenarios chosen, in the suite's order.
    pub scenarios: Vec<Fitness>,
    /// How long it all took.
    #[serde(rename = "took_ms", serialize_with = "whole_milliseconds")]
    pub took: Duration,
}

impl Findings {
    /// Draws the conclusions from what came of each route.
    pub fn new(wanted: &[Wanted], endpoints: Vec<Probed>, took: Duration) -> Self {
        let lacks = |scenario: &Wanted| {
            let bad = endpoints.iter().filter(|probed| probed.trouble.is_some()).map(|probed| probed.route);
            Fitness {
                name: scenario.scenario,
                lacks: bad.filter(|route| scenario.routes.contains(route)).collect(),
            }
        };
        let scenarios: Vec<Fitness> = wanted.iter().map(lacks).collect();
        let disables = |route: &str| {
            let hit = scenarios.iter().filter(|scenario| scenario.lacks.contains(&route));
            hit.map(|scenario| scenario.name).collect()
        };
        let endpoints = endpoints
            .into_iter()
            .map(|probed| Probed { disables: disables(probed.route), ..probed })
            .collect();
        Self { endpoints, scenarios, took }
    }

    /// Whether every scenario chosen can work.
    pub fn all_fit(&self) -> bool {
        self.scenarios.iter().all(|scenario| scenario.lacks.is_empty())
    }

    /// The scenarios that can work, or those that cannot.
    pub fn named(&self, fit: bool) -> Vec<&'static str> {
        let matching = self.scenarios.iter().filter(|scenario| scenario.lacks.is_empty() == fit);
        matching.map(|scenario| scenario.name).collect()
    }

    /// What came of a route; `None` when nobody needed it.
    pub fn of(&self, route: &str) -> Option<&Probed> {
        self.endpoints.iter().find(|probed| probed.route == route)
    }

    /// Why a scenario cannot work, in a sentence; `None` when it can.
    pub fn why_not(&self, scenario: &str) -> Option<String> {
        let fitness = self.scenarios.iter().find(|fitness| fitness.name == scenario)?;
        let told = |route: &&'static str| {
            let probed = self.of(route)?;
            let first = probed.trouble.as_ref()?.sentences().into_iter().next()?;
            Some(format!("{route}: {} ({first})", probed.kind()))
        };
        let (first, rest) = fitness.lacks.split_first()?;
        let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
        Some(format!("preflight: {}{more}", told(first)?))
    }

    /// How many findings there are of each kind.
    pub fn counts(&self) -> BTreeMap<Kind, u64> {
        let mut counts = BTreeMap::new();
        self.endpoints.iter().for_each(|probed| *counts.entry(probed.kind()).or_insert(0) += 1);
        counts
    }
}

#[expect(clippy::ref_option, reason = "so serde calls it")]
fn milliseconds<S: Serializer>(took: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    took.map(round_ms).serialize(to)
}

fn whole_milliseconds<S: Serializer>(took: &Duration, to: S) -> Result<S::Ok, S::Error> {
    round_ms(*took).serialize(to)
}

fn round_ms(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e4).round() / 10.0
}
