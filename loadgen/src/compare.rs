//! Two runs side by side, and many in a row: what changed, and whether it is more than chance. Pure functions of runs.
//!
//! | module | what for |
//! |---|---|
//! | [`recording`] | what is compared: the series of a run, of k6's points, of the slices of an experiment |
//! | [`weigh`] | the statistics over two recordings, and the verdicts |
//! | [`noise`] | how far two runs of one thing lie apart: the noise floor beside a baseline |
//! | [`alike`] | whether two recordings may be compared |
//! | [`gaps`] | what of the baseline was not compared |
//! | [`words`] | a comparison as text and as Markdown |
//! | [`ab`] | two targets in alternating slices |
//! | [`trend`] | many runs in a row |

pub mod ab;
mod alike;
mod gaps;
pub mod noise;
pub mod recording;
pub mod trend;
mod weigh;
mod words;

use engine::{
    compare::{Draws, Estimate, Verdict},
    exit::Exit,
    record::Role,
};
use serde::{Deserialize, Serialize};

pub use self::{
    gaps::{LeftOut, WhyNot},
    noise::Noise,
    recording::{Recording, Subject},
    weigh::compare,
    words::{markdown, sentence, text},
};

/// Version of the form of a comparison's JSON.
pub const FORMAT: u32 = 2;

/// What decides, beside chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// How blocks are drawn.
    pub draws: Draws,
    /// A change of time or rate of this share or less is none.
    pub floor_share: f64,
    /// Nor is one of so many milliseconds or less.
    pub floor_ms: f64,
    /// Nor one of an error share by this or less.
    pub floor_errors: f64,
    /// Compare what cannot be compared, too.
    pub anyway: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let draws = Draws::default();
        Self { draws, floor_share: 0.05, floor_ms: 10.0, floor_errors: 0.001, anyway: false }
    }
}

/// Two runs, compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`FORMAT`].
    pub format: u32,
    /// The baseline.
    pub a: Subject,
    /// What is held against it.
    pub b: Subject,
    /// What decided.
    pub rules: Rules,
    /// Why the two cannot be compared, in sentences; empty when they can.
    pub unlike: Vec<String>,
    /// What differs and does not forbid it.
    pub notes: Vec<String>,
    /// How many A/A pairs the noise floor is from; none where there is none.
    pub noise_pairs: Option<u64>,
    /// The scenarios that both have, in the order of the baseline, then those that one has.
    pub scenarios: Vec<Scenario>,
}

/// One scenario of two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How long it was, seconds: the shorter of the two.
    pub seconds: f64,
    /// What a block is.
    pub block: Block,
    /// Why it was not compared.
    pub left_out: Option<LeftOut>,
    /// Its series.
    pub series: Vec<Series>,
    /// Requests a second, where the load is a closed loop: then they follow from the answers.
    pub rate: Option<Figure>,
}

/// What is drawn again and again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// So many seconds of both runs.
    Seconds(u64),
    /// A slice of each, one after the other, of so many seconds.
    Slices(f64),
}

/// One series of two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// How many samples each run has.
    pub n: [u64; 2],
    /// How many blocks.
    pub blocks: u64,
    /// p50, p95 and p99 of each run, milliseconds since due; none where there is no answer to take it from.
    pub seen: [[Option<f64>; 2]; 3],
    /// The same with what chance makes of their differences; `None` where that cannot be said.
    pub times: Option<[Estimate; 3]>,
    /// What p95 decides; `None` where it decides nothing.
    pub p95: Option<Figure>,
    /// What the share of failed samples decides; `None` where none failed on either side.
    pub errors: Option<Figure>,
    /// Why latency was not compared.
    pub why_not: Option<WhyNot>,
}

/// A figure with what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The figure of both runs.
    pub estimate: Estimate,
    /// Differences up to this are none.
    pub floor: f64,
    /// The p-value as it counts among all that were asked.
    pub adjusted_p: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// p95 since due.
    P95,
    /// The share of failed samples.
    Errors,
    /// Requests a second.
    Rate,
}

/// A figure that decided something, and where it is from.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The series' name; a rate is the scenario's.
    pub series: Option<&'a Series>,
    /// Of what.
    pub what: What,
    /// The figure.
    pub figure: &'a Figure,
}

impl Finding<'_> {
    /// How large the change is, as a share of what was before.
    fn size(&self) -> f64 {
        let Estimate { a, b, .. } = self.figure.estimate;
        let scale = if self.what == What::Errors { self.figure.floor } else { a.abs() };
        ((b - a) / scale.max(f64::MIN_POSITIVE)).abs()
    }

    /// A group is seen from its routes: where one of those has changed it adds nothing.
    fn is_view(&self) -> bool {
        self.series.is_some_and(|series| series.role == Role::Group)
    }
}

impl Comparison {
    /// Every figure that decided something.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        self.scenarios.iter().flat_map(|scenario| {
            let of = |series, what, figure| Finding { scenario: &scenario.name, series, what, figure };
            let of_series = scenario.series.iter().flat_map(move |series| {
                let p95 = series.p95.iter().map(move |figure| of(Some(series), What::P95, figure));
                p95.chain(series.errors.iter().map(move |figure| of(Some(series), What::Errors, figure)))
            });
            of_series.chain(scenario.rate.iter().map(move |figure| of(None, What::Rate, figure)))
        })
    }

    /// What got worse (or better), biggest first. Groups are named only where no route of their scenario was.
    pub fn changed(&self, verdict: Verdict) -> Vec<Finding<'_>> {
        let all: Vec<_> = self.findings().filter(|finding| finding.figure.verdict == verdict).collect();
        let route = |of: &Finding<'_>| {
            all.iter().any(|other| other.scenario == of.scenario && other.what == of.what && !other.is_view())
        };
        let mut named: Vec<_> = all.iter().filter(|of| !of.is_view() || !route(of)).copied().collect();
        named.sort_by(|a, b| b.size().total_cmp(&a.size()));
        named
    }

    /// True when something was compared.
    pub fn says_something(&self) -> bool {
        self.findings().next().is_some()
    }

    /// What it says to the shell: 2 where there was nothing to compare; with `--fail-on-regression` 99 where something
    /// got worse, and 97 where something of the baseline was not compared, so that it may have.
    pub fn exit(&self, fail_on_regression: bool) -> Exit {
        let worse = self.findings().any(|finding| finding.figure.verdict == Verdict::Regression);
        if !self.unlike.is_empty() && !self.rules.anyway || self.scenarios.is_empty() {
            Exit::Usage
        } else if fail_on_regression && worse {
            Exit::Failed
        } else if fail_on_regression && !self.is_whole() {
            Exit::Invalid
        } else if !self.says_something() && !self.shows_something() {
            Exit::Usage
        } else {
            Exit::Ok
        }
    }

    /// Its JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a comparison has string keys only");
        text.push('\n');
        text
    }
}
