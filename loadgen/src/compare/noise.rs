//! How far two runs of one thing lie apart. An A/A pair says so, and the floor below which a difference is none rises to
//! it: kept beside the baseline, as `noise.json`.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::Comparison;

/// The file it is kept in, beside the baseline's run.json.
pub const FILE: &str = "noise.json";
/// Version of its form.
const FORMAT: u32 = 1;

/// What A/A pairs have shown of a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The version of this form.
    pub format: u32,
    /// The pairs, by the runs' names.
    pub pairs: Vec<[String; 2]>,
    /// By scenario and series, the most that any pair lay apart.
    pub series: Vec<NoiseOf>,
}

/// How far apart a series was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseOf {
    /// The scenario.
    pub scenario: String,
    /// The series.
    pub series: String,
    /// The largest difference of p50, p95 and p99, milliseconds.
    pub times_ms: Option<[f64; 3]>,
    /// The largest half of p95's interval, milliseconds.
    pub spread_ms: Option<f64>,
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
        Self { format: FORMAT, pairs: Vec::new(), series: Vec::new() }
    }

    /// Reads one; `None` where there is no such file.
    pub fn read(file: &Path) -> Result<Option<Self>, NoiseError> {
        let path = file.display().to_string();
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(NoiseError::Io { path, source }),
        };
        let noise: Self = serde_json::from_str(&text)
            .map_err(|e| NoiseError::Form { path: path.clone(), message: e.to_string() })?;
        match noise.format {
            FORMAT => Ok(Some(noise)),
            other => {
                let message = format!("format {other}; this version reads {FORMAT}");
                Err(NoiseError::Form { path, message })
            }
        }
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
        for scenario in &pair.scenarios {
            for series in &scenario.series {
                let known = self.series.iter().position(|known| known.is(&scenario.name, &series.name));
                let place = known.unwrap_or_else(|| {
                    self.series.push(NoiseOf {
                        scenario: scenario.name.clone(),
                        series: series.name.clone(),
                        times_ms: None,
                        spread_ms: None,
                        errors: None,
                    });
                    self.series.len() - 1
                });
                let of = &mut self.series[place];
                let times = series.times.map(|times| times.map(|time| time.difference().abs()));
                of.times_ms = match (of.times_ms, times) {
                    (Some(a), Some(b)) => Some([0, 1, 2].map(|place| a[place].max(b[place]))),
                    (a, b) => a.or(b),
                };
                of.spread_ms = larger(of.spread_ms, series.times.map(|[_, p95, _]| p95.half_width()));
                let errors = series.errors.map(|errors| errors.estimate.difference().abs());
                of.errors = larger(of.errors, errors);
            }
        }
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
    fn is(&self, scenario: &str, series: &str) -> bool {
        self.scenario == scenario && self.series == series
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
