//! How much of everything: the presets, in one table.
//!
//! A scenario's file says what launch day looks like; a preset says how much of it is rehearsed. Presets
//! change durations, intervals and, where stated, head-counts; never goals, mixes or what is checked.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// How much is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// All six scenarios in at most 90 seconds.
    Smoke,
    /// A minute each.
    Quick,
    /// Launch day as written, about an hour.
    Full,
}

/// What a preset changes of one scenario; what is `None` stays as its file has it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Dose {
    /// How long it takes from its start to its last planned start.
    seconds: Option<f64>,
    /// The peak head-count.
    heads: Option<u32>,
    /// From one act of a paced user to its next.
    every: Option<Duration>,
}

const fn seconds(seconds: f64) -> Dose {
    Dose { seconds: Some(seconds), heads: None, every: None }
}

const AS_WRITTEN: Dose = Dose { seconds: None, heads: None, every: None };

/// Scenario, its dose at `smoke`, its dose at `quick`. `full` is as written. A scenario that is not listed
/// takes 12 seconds at `smoke` and 60 at `quick`.
const DOSES: &[(&str, Dose, Dose)] = &[
    ("search-load", Dose { every: Some(Duration::from_secs(2)), ..seconds(10.0) }, seconds(60.0)),
    ("rtc-load", seconds(18.0), seconds(60.0)),
    ("webhooks-load", seconds(10.0), seconds(60.0)),
    ("event-rsvp-load", seconds(10.0), seconds(60.0)),
    ("page-load", Dose { heads: Some(300), ..seconds(13.0) }, Dose { heads: Some(2_000), ..seconds(60.0) }),
    ("api-load", seconds(11.0), seconds(60.0)),
];

impl Preset {
    /// Every preset, smallest first.
    pub const ALL: [Self; 3] = [Self::Smoke, Self::Quick, Self::Full];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    /// Between two scenarios, time for the target to settle.
    pub fn settling(self) -> Duration {
        match self {
            Self::Smoke => Duration::ZERO,
            Self::Quick => Duration::from_secs(5),
            Self::Full => Duration::from_secs(30),
        }
    }

    /// How long one user alone is measured before the suite; `None` where there is no baseline.
    pub fn baseline(self) -> Option<Duration> {
        (self == Self::Full).then(|| Duration::from_mins(1))
    }

    /// The longest warm-up before a scenario; it ends sooner once answers no longer get faster.
    pub fn warm_up(self) -> Duration {
        match self {
            Self::Smoke => Duration::from_millis(300),
            Self::Quick => Duration::from_secs(4),
            Self::Full => Duration::from_secs(15),
        }
    }

    fn dose(self, scenario: &str) -> Dose {
        let listed = DOSES.iter().find(|(name, _, _)| *name == scenario);
        match self {
            Self::Full => AS_WRITTEN,
            Self::Smoke => listed.map_or(seconds(12.0), |(_, smoke, _)| *smoke),
            Self::Quick => listed.map_or(seconds(60.0), |(_, _, quick)| *quick),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A preset nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown preset `{0}`: it is one of smoke, quick, full")]
pub struct UnknownPreset(pub String);

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|preset| preset.name() == text);
        known.ok_or_else(|| UnknownPreset(text.to_owned()))
    }
}

/// A preset as it bears on one scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizing {
    preset: Preset,
    dose: Dose,
    time_scale: f64,
    load: f64,
}

impl Sizing {
    /// The sizing of `scenario` at a preset whose durations are stretched by `time_scale`.
    pub fn new(scenario: &str, preset: Preset, time_scale: f64) -> Self {
        Self { preset, dose: preset.dose(scenario), time_scale, load: 1.0 }
    }

    /// The same with so many times the heads and the arrivals.
    #[must_use]
    pub fn at_load(self, factor: f64) -> Self {
        Self { load: factor, ..self }
    }

    /// The preset.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// How long the scenario takes, of which `full_seconds` are written.
    pub fn seconds(&self, full_seconds: f64) -> f64 {
        self.dose.seconds.unwrap_or(full_seconds) * self.time_scale
    }

    /// The factor by which every written stretch of time changes (ramps, staggers, chat intervals; never
    /// think times), when `full_seconds` is the whole scenario as written.
    pub fn stretch(&self, full_seconds: f64) -> f64 {
        self.seconds(full_seconds) / full_seconds
    }

    /// The peak head-count, of which `full` is written.
    pub fn heads(&self, full: u32) -> u32 {
        (f64::from(self.dose.heads.unwrap_or(full)) * self.load).round() as u32
    }

    /// Arrivals a second, of which `full` are written.
    pub fn rate(&self, full: f64) -> f64 {
        full * self.load
    }

    /// A paced user's interval, of which `full` is written. The time scale leaves it alone, so that rates
    /// stay.
    pub fn every(&self, full: Duration) -> Duration {
        self.dose.every.unwrap_or(full)
    }
}
