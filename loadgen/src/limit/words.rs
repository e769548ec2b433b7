//! A limit in words: a line per trial, what follows from them, `LIMIT.md`.

use std::{fmt::Write as _, time::Duration};

use super::{
    Limit, Trial,
    knee::Knee,
    search::{End, Outcome, Rules},
};
use crate::{
    plan_text::length,
    preset::Preset,
    report::markdown::text::{cell, link_cell, plain},
    words::duration,
};

/// What a search will take at most, before it starts.
pub(super) fn announcement(
    scenario: &str,
    trial_s: f64,
    rules: &Rules,
    each: Duration,
    not_judged: &[String],
) -> String {
    let most = each.mul_f64(rules.most_trials as f64);
    let mut text = format!(
        "limit of {scenario}: at most {} trials of {}, at most {} in all; up by {} each, then to within {:.0} %",
        rules.most_trials,
        length(trial_s),
        length(most.as_secs_f64().round()),
        times(rules.step),
        rules.within * 100.0
    );
    if !not_judged.is_empty() {
        let _ =
            write!(text, "; too short to judge: {} (longer trials: --trial SECONDS)", not_judged.join(", "));
    }
    text
}

/// A trial in a line.
pub(super) fn line(trial: &Trial) -> String {
    let [factor, offered, p95, word, why] = cells(trial);
    let why = if why.is_empty() { why } else { format!("  {why}") };
    format!("{factor:>8}  {offered}  p95 {p95}  {word}{why}")
}

fn cells(trial: &Trial) -> [String; 5] {
    let p95 = trial.p95_ms.map_or_else(|| "–".to_owned(), |ms| duration(Duration::from_secs_f64(ms / 1e3)));
    let why = trial.why.first().cloned().unwrap_or_default();
    [times(trial.factor), trial.offered.to_string(), p95, word(trial.outcome).to_owned(), why]
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Inconclusive => "INCONCLUSIVE",
        Outcome::Invalid => "INVALID",
    }
}

/// `2.25 ×`, `3 ×`.
fn times(factor: f64) -> String {
    let text = format!("{factor:.2}");
    format!("{} ×", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Limit {
    /// What factor 1 is.
    fn plan(&self) -> String {
        match self.preset {
            Preset::Full => "the launch plan".to_owned(),
            preset => format!("the plan at {preset}"),
        }
    }

    fn trial_at(&self, factor: f64) -> Option<&Trial> {
        self.trials.iter().rev().find(|trial| (trial.factor - factor).abs() < 1e-9)
    }

    fn offered(&self, factor: f64) -> String {
        self.trial_at(factor).map_or_else(String::new, |trial| format!(" ({})", trial.offered))
    }

    /// The load that is known to hold, and whether more would.
    fn answer(&self) -> String {
        let Limit { scenario, .. } = self;
        let plan = self.plan();
        let Some(holds) = self.holds else {
            return match self.end {
                End::AtThePlan(Outcome::Fail) => format!("{scenario} does not hold {plan}"),
                End::AtThePlan(Outcome::Invalid) => {
                    format!(
                        "nothing can be said of {scenario}: the load generator gave out at {plan}'s own load"
                    )
                }
                End::AtThePlan(_) => format!(
                    "{scenario} is undecided at {plan}'s own load: longer trials would decide (--trial SECONDS)"
                ),
                _ => format!("{scenario} was not tried to its end at {plan}'s own load"),
            };
        };
        let held = format!("{} {plan}{}", times(holds), self.offered(holds));
        match (self.end, self.breaks) {
            (End::GeneratorGaveOut(at), None) => format!(
                "{scenario} holds at least {held}: the generator (not the target) gave out at {}",
                times(at)
            ),
            (End::UpTo, None) => {
                format!("{scenario} holds at least {held}, and nothing higher was to be tried")
            }
            (End::Found, Some(breaks)) => {
                format!("{scenario} holds up to {held}; at {} it {}", times(breaks), self.broke(breaks))
            }
            (_, Some(breaks)) => {
                let why = match self.end {
                    End::GeneratorGaveOut(at) => {
                        format!("the generator (not the target) gave out at {} in between", times(at))
                    }
                    End::OutOfTime => "there was no time to look closer".to_owned(),
                    End::OutOfTrials => "there were no trials left to look closer".to_owned(),
                    _ => "the search was ended before it could look closer".to_owned(),
                };
                format!("{scenario} holds {held}; at {} it {}; {why}", times(breaks), self.broke(breaks))
            }
            (_, None) => format!("{scenario} holds at least {held}: the search was ended before it broke"),
        }
    }

    fn broke(&self, factor: f64) -> &'static str {
        match self.trial_at(factor).map(|trial| trial.outcome) {
            Some(Outcome::Inconclusive) => "is undecided",
            _ => "does not hold",
        }
    }

    /// What follows from the trials, in plain sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut all = vec![format!("{}.", self.answer())];
        let breaks = self.breaks.and_then(|factor| self.first_to_break(factor));
        if let Some((factor, why)) = breaks {
            all.push(format!("First to break, at {}: {why}.", times(factor)));
        }
        all.push(self.knee_words());
        if let Some(holds) = self.holds {
            let least = if self.breaks.is_some() { "" } else { "at least " };
            all.push(format!("Headroom over {}: {least}{:.0} %.", self.plan(), (holds - 1.0) * 100.0));
        }
        for pair in &self.contradictions {
            all.push(format!(
                "A trial at {} did not pass, though one at {} did: the target is unsteady there, or its limit is \
                 near; the lower figure counts.",
                times(pair.broke),
                times(pair.passed)
            ));
        }
        if !self.not_judged.is_empty() {
            all.push(format!(
                "Trials of {} are too short to judge: {}.",
                length(self.trial_s),
                self.not_judged.join(", ")
            ));
        }
        all.extend(self.notes.iter().map(|note| format!("{note}.")));
        all
    }

    fn first_to_break(&self, factor: f64) -> Option<(f64, &str)> {
        let broke =
            self.trials.iter().filter(|trial| matches!(trial.outcome, Outcome::Fail | Outcome::Inconclusive));
        let at = broke.into_iter().find(|trial| (trial.factor - factor).abs() < 1e-9)?;
        Some((at.factor, at.why.first()?))
    }

    fn knee_words(&self) -> String {
        let series = &self.series;
        match self.knee {
            Knee::Near(factor) => {
                format!(
                    "The knee, where p95 of {series} leaves its plateau, is near {} (Kneedle).",
                    times(factor)
                )
            }
            Knee::Flat => format!("p95 of {series} has not left its plateau at any load that was tried."),
            Knee::NoBend => format!("p95 of {series} rises with the load, without a knee."),
            Knee::TooFew => "Too few loads were tried to see a knee.".to_owned(),
        }
    }
}

/// What the terminal shows when the search is over.
pub fn closing(limit: &Limit) -> String {
    limit.sentences().join("\n") + "\n"
}

/// `LIMIT.md`.
pub fn markdown(limit: &Limit) -> String {
    let mut out = format!("# The limit of {}\n\n", plain(&limit.scenario));
    for (place, sentence) in limit.sentences().iter().enumerate() {
        let sentence = plain(sentence);
        let _ = if place == 0 { writeln!(out, "**{sentence}**\n") } else { writeln!(out, "- {sentence}") };
    }
    let _ = writeln!(
        out,
        "\n| load | offered at the peak | p95 of {} | verdict | first to break | run |\n|--:|---|--:|---|---|---|",
        cell(&limit.series)
    );
    for trial in &limit.trials {
        let [factor, offered, p95, word, why] = cells(trial);
        let run = trial
            .dir
            .as_deref()
            .map_or_else(|| "–".to_owned(), |dir| link_cell(dir, &format!("{dir}/LOAD_TEST_REPORT.md")));
        let _ = writeln!(out, "| {factor} | {offered} | {p95} | **{word}** | {} | {run} |", cell(&why));
    }
    let Rules { step, within, most_trials, up_to } = limit.rules;
    let _ = writeln!(
        out,
        "\n## How it was searched\n\n{}, against {}, started {}; preset {}, seed {}; trials of {}. From {}'s own load \
         up by {} at each step (to {} at most) until a trial does not pass, then halving the bracket until its ends \
         are {:.0} % apart; the load that is named is tried twice. At most {most_trials} trials. Only heads and rates \
         grow: intervals, think times, mixes and goals stay.\n\nThe knee is found by Kneedle (Satopää, Albrecht, \
         Irwin and Raghavan, 2011) in the trials' p95.",
        limit.id,
        limit.origin,
        limit.started,
        limit.preset,
        limit.seed,
        length(limit.trial_s),
        limit.plan(),
        times(step),
        times(up_to),
        within * 100.0
    );
    out
}
