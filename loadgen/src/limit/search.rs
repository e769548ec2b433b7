//! Which load to try next, and when that is enough: pure, of the trials so far.
//!
//! First up in steps until a trial does not pass, then halving (on a scale of ratios) the bracket between the
//! highest load that passed and the lowest that did not. That what fails at one load fails at every higher one
//! is how targets mostly are and not a law: the load that is named at last is tried twice, and a trial that did
//! not pass at or below one that did is reported.

use serde::{Deserialize, Serialize};

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every goal that is judged held.
    Pass,
    /// A goal was missed.
    Fail,
    /// The samples do not decide.
    Inconclusive,
    /// The load generator, or its machine, gave out: nothing can be said of the target.
    Invalid,
}

/// How it is searched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// By which factor the load grows while trials pass; above 1.
    pub step: f64,
    /// How near the bracket's ends must come: 0.1 for 10 % apart.
    pub within: f64,
    /// The most trials.
    pub most_trials: usize,
    /// The highest factor that is tried.
    pub up_to: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { step: 1.5, within: 0.1, most_trials: 12, up_to: 16.0 }
    }
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// A trial at this many times the plan's load.
    Try(f64),
    /// Nothing; why.
    Stop(End),
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The bracket is as narrow as wanted, and its lower end was tried twice and never failed.
    Found,
    /// The plan's own load did not pass.
    AtThePlan(Outcome),
    /// The load generator gave out at this factor, so the target's limit was not met.
    GeneratorGaveOut(f64),
    /// The highest factor that is tried passed.
    UpTo,
    /// The bracket is wider than wanted: no more trials.
    OutOfTrials,
    /// The bracket is wider than wanted: no more time.
    OutOfTime,
    /// The target was not there, or refused, before a trial.
    TargetGone,
    /// Somebody ended it.
    Interrupted,
}

/// A trial that did not pass, at or below a load at which one did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contradiction {
    /// Where one did not pass.
    pub broke: f64,
    /// Where one passed.
    pub passed: f64,
}

/// A search under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    rules: Rules,
    trials: Vec<(f64, Outcome)>,
}

impl Search {
    /// A search without trials.
    pub fn new(rules: Rules) -> Self {
        Self { rules, trials: Vec::new() }
    }

    /// Takes note of a trial.
    pub fn record(&mut self, factor: f64, outcome: Outcome) {
        self.trials.push((factor, outcome));
    }

    /// The highest factor that passed with nothing at or below it that did not.
    pub fn holds(&self) -> Option<f64> {
        let breaks = self.breaks().unwrap_or(f64::INFINITY);
        self.passes().filter(|factor| *factor < breaks).reduce(f64::max)
    }

    /// The lowest factor that failed, or was undecided and never passed.
    pub fn breaks(&self) -> Option<f64> {
        self.broken().reduce(f64::min)
    }

    /// Trials that contradict the notion that a target breaks at one load and above it, each with the highest
    /// load that passed.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let Some(passed) = self.passes().reduce(f64::max) else { return Vec::new() };
        let broken = self.broken().filter(|broke| *broke <= passed);
        broken.map(|broke| Contradiction { broke, passed }).collect()
    }

    fn passes(&self) -> impl Iterator<Item = f64> {
        self.trials.iter().filter(|(_, outcome)| *outcome == Outcome::Pass).map(|(factor, _)| *factor)
    }

    /// Loads that did not pass. Where one trial passed, another that is undecided says nothing against it.
    fn broken(&self) -> impl Iterator<Item = f64> {
        let broken = |(factor, outcome): &&(f64, Outcome)| match outcome {
            Outcome::Fail => true,
            Outcome::Inconclusive => !self.passes().any(|passed| same(passed, *factor)),
            Outcome::Pass | Outcome::Invalid => false,
        };
        self.trials.iter().filter(broken).map(|(factor, _)| *factor)
    }

    /// The lowest factor above `above` at which the generator gave out.
    fn gave_out(&self, above: f64) -> Option<f64> {
        let invalid = self.trials.iter().filter(|(_, outcome)| *outcome == Outcome::Invalid);
        invalid.map(|(factor, _)| *factor).filter(|factor| *factor > above).reduce(f64::min)
    }

    fn tried(&self, factor: f64) -> usize {
        self.trials.iter().filter(|(tried, _)| same(*tried, factor)).count()
    }

    /// What is to be done next.
    pub fn next(&self) -> Next {
        let Some(&(_, last)) = self.trials.last() else { return Next::Try(1.0) };
        let next = match self.holds() {
            None if last == Outcome::Invalid => self.again_or(1.0, End::AtThePlan(last)),
            None => Next::Stop(End::AtThePlan(last)),
            Some(holds) => self.above(holds),
        };
        match next {
            Next::Try(_) if self.trials.len() >= self.rules.most_trials => Next::Stop(End::OutOfTrials),
            next => next,
        }
    }

    /// What else may be busy on the generator's machine passes: a trial in which it gave out is made again, once.
    fn again_or(&self, factor: f64, end: End) -> Next {
        if self.tried(factor) < 2 { Next::Try(factor) } else { Next::Stop(end) }
    }

    /// Up, or between what holds and what does not.
    fn above(&self, holds: f64) -> Next {
        match (self.breaks(), self.gave_out(holds)) {
            (None, Some(at)) => self.again_or(at, End::GeneratorGaveOut(at)),
            (None, None) if holds >= self.rules.up_to => Next::Stop(End::UpTo),
            (None, None) => Next::Try(rounded(holds * self.rules.step).min(self.rules.up_to)),
            (Some(breaks), gave_out) => self.narrow(holds, breaks, gave_out),
        }
    }

    /// Halves the bracket, or, when it is narrow, tries its lower end again.
    fn narrow(&self, holds: f64, breaks: f64, gave_out: Option<f64>) -> Next {
        let middle = rounded((holds * breaks).sqrt());
        let narrow = breaks <= holds * (1.0 + self.rules.within) || middle <= holds || middle >= breaks;
        match gave_out.filter(|at| *at < breaks) {
            _ if narrow && self.tried(holds) > 1 => Next::Stop(End::Found),
            _ if narrow => Next::Try(holds),
            Some(at) => self.again_or(at, End::GeneratorGaveOut(at)),
            None => Next::Try(middle),
        }
    }
}

/// Hundredths will do: nobody offers 2.2499 times a load.
fn rounded(factor: f64) -> f64 {
    (factor * 100.0).round() / 100.0
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}
