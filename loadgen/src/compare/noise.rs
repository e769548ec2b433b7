//! How far two runs of one thing lie apart. An A/A pair says so, and the floor below which a difference is none rises to
//! it: kept beside the baseline, as `noise.json`.

use std::{fs, io, path::Path};

use engine::compare::{Estimate, timeline::is_no_answer};
use serde::{Deserialize, Serialize};

use super::{Comparison, recording::SizeOf};
use crate::run::Version;

/// The file it is kept in, beside the baseline's run.json.
pub const FILE: &str = "noise.json";
/// Version of its form.
const FORMAT: u32 = 1;

/// What A/A pairs have shown of a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The version of this form.
    pub format: u32,
    /// What the pairs rehearsed, where that is known: of other runs they say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeOf>,
    /// The pairs, by the runs' names.
    pub pairs: Vec<[String; 2]>,
    /// By scenario and series, the most that any pair lay apart.
    pub series: Vec<NoiseOf>,
    /// By scenario, the most that the rate of a closed loop lay apart.
    #[serde(default)]
    pub rates: Vec<NoiseOfRate>,
}

/// How far apart the rate of a closed loop was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseOfRate {
    /// The scenario.
    pub scenario: String,
    /// The largest difference, requests a second.
    pub per_second: f64,
}

/// How far apart a series was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseOf {
    /// The scenario.
    pub scenario: String,
    /// The series.
    pub series: String,
    /// The largest difference of p50, p95 and p99, milliseconds; none of one that was "no answer" on a side, since that is
    /// no distance.
    pub times_ms: Option<[Option<f64>; 3]>,
    /// The largest difference of the error share.
    pub errors: Option<f64>,
}

/// Why a noise floor could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    /// The file cannot be read.
    #[error("{path} cannot be read ({source})")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is no noise floor.
    #[error("{path}: {message}; `loadgen compare A A2 --as-noise-floor` makes one")]
    Form {
        /// Which file.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl Noise {
    /// No pair yet.
    pub fn new() -> Self {
        Self { format: FORMAT, size: None, pairs: Vec::new(), series: Vec::new(), rates: Vec::new() }
    }

    /// Reads one; `None` where there is no such file.
    pub fn read(file: &Path) -> Result<Option<Self>, NoiseError> {
        let path = file.display().to_string();
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(NoiseError::Io { path, source }),
        };
        let form = |message: String| NoiseError::Form { path: path.clone(), message };
        let damaged = |e: serde_json::Error| form(e.to_string());
        let Version { format } = serde_json::from_str(&text).map_err(damaged)?;
        if format != FORMAT {
            return Err(form(format!("format {format}; this version reads {FORMAT}")));
        }
        serde_json::from_str(&text).map(Some).map_err(damaged)
    }

    /// Its JSON, as it is kept.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has string keys only");
        text.push('\n');
        text
    }

    /// Takes in another pair; one that is known already changes nothing.
    pub fn take_in(&mut self, pair: &Comparison) {
        let names = [pair.a.name.clone(), pair.b.name.clone()];
        if self.pairs.contains(&names) {
            return;
        }
        self.pairs.push(names);
        self.size = self.size.or(pair.a.size);
        for scenario in &pair.scenarios {
            if let Some(rate) = &scenario.rate {
                self.take_in_rate(&scenario.name, rate.estimate.difference().abs());
            }
            for series in &scenario.series {
                let known = self.series.iter().position(|known| known.is(&scenario.name, &series.name));
                let place = known.unwrap_or_else(|| {
                    self.series.push(NoiseOf {
                        scenario: scenario.name.clone(),
                        series: series.name.clone(),
                        times_ms: None,
                        errors: None,
                    });
                    self.series.len() - 1
                });
                let of = &mut self.series[place];
                let times = series.times.map(|times| times.map(|time| apart(&time)));
                of.times_ms = match (of.times_ms, times) {
                    (Some(a), Some(b)) => Some([0, 1, 2].map(|place| larger(a[place], b[place]))),
                    (a, b) => a.or(b),
                };
                let errors = series.errors.map(|errors| errors.estimate.difference().abs());
                of.errors = larger(of.errors, errors);
            }
        }
    }

    fn take_in_rate(&mut self, scenario: &str, per_second: f64) {
        match self.rates.iter_mut().find(|known| known.scenario == scenario) {
            Some(known) => known.per_second = known.per_second.max(per_second),
            None => self.rates.push(NoiseOfRate { scenario: scenario.to_owned(), per_second }),
        }
    }

    /// Whether it says something of runs of this size.
    pub fn fits(&self, size: Option<SizeOf>) -> bool {
        self.size.zip(size).is_none_or(|(known, size)| known == size)
    }

    /// How far the rate of a scenario was apart, requests a second.
    pub fn of_rate(&self, scenario: &str) -> Option<f64> {
        self.rates.iter().find(|known| known.scenario == scenario).map(|known| known.per_second)
    }

    /// How far a series was apart.
    pub fn of(&self, scenario: &str, series: &str) -> Option<&NoiseOf> {
        self.series.iter().find(|known| known.is(scenario, series))
    }
}

impl Default for Noise {
    fn default() -> Self {
        Self::new()
    }
}

impl NoiseOf {
    /// How far p95 was apart, milliseconds. Floors that were kept when "no answer" still counted as a distance are none.
    pub fn p95_ms(&self) -> Option<f64> {
        self.times_ms.and_then(|[_, p95, _]| p95).filter(|ms| !is_no_answer(*ms))
    }

    fn is(&self, scenario: &str, series: &str) -> bool {
        self.scenario == scenario && self.series == series
    }
}

/// How far two percentiles are apart; whoever got no answer is at no distance from anything.
fn apart(of: &Estimate) -> Option<f64> {
    (!is_no_answer(of.a) && !is_no_answer(of.b)).then(|| of.difference().abs())
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
