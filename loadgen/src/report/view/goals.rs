//! Goals in words: what is claimed, what was seen, how far it is from the limit.

use std::time::Duration;

use engine::{
    goal::{Claim, Goal, Kind},
    histogram::Quantile,
    record::{Column, Phase},
    run::ScenarioRun,
    verdict::{DesignEffect, Judged, Verdict},
};

use crate::{
    judgement,
    words::{duration, limit, number, percent, proportion},
};

/// One goal and what became of it.
pub(in crate::report) struct GoalRow {
    pub(in crate::report) name: String,
    /// What it is about: `p95 of GET /api/search`.
    pub(in crate::report) subject: String,
    /// What is promised of it: `< 1 200 ms`.
    pub(in crate::report) limit: String,
    pub(in crate::report) kind: &'static str,
    /// What was observed, with its confidence interval.
    pub(in crate::report) observed: String,
    /// How far that is from the limit: `41 % below the limit`. Empty where there is nothing to compare.
    pub(in crate::report) margin: String,
    /// The part of the limit that was used up: 0.59.
    pub(in crate::report) used: Option<f64>,
    /// What it rests on.
    pub(in crate::report) basis: String,
    pub(in crate::report) word: &'static str,
    /// What more there is to say of the verdict.
    pub(in crate::report) reason: String,
    /// False of a verdict in an INVALID scenario: see [`judgement::is_void`].
    pub(in crate::report) counts: bool,
}

impl GoalRow {
    pub(super) fn new(run: Option<&ScenarioRun>, judged: &Judged, valid: bool) -> Self {
        let (word, reason) = verdict(&judged.verdict);
        let (subject, limit) = claim(run, &judged.goal);
        let used = used(judged);
        let is_void = judgement::is_void(judged, valid);
        let void = is_void.then(|| "does not count: INVALID".to_owned());
        let dependent = match judged.design_effect {
            DesignEffect::Applied { factor, blocks, block_s } if factor > 1.0 => Some(format!(
                "neighbouring samples depend on each other: counted as n / {factor:.1} = {} ({blocks} blocks of \
                 {block_s} s)",
                number((judged.n as f64 / factor).round() as u64)
            )),
            _ => None,
        };
        let reasons = [Some(reason).filter(|reason| !reason.is_empty()), void, dependent];
        Self {
            name: judged.goal.name.clone(),
            subject,
            limit,
            kind: match judged.goal.kind {
                Kind::Exact => "exact",
                Kind::Census => "census",
                Kind::Sampled => "sampled",
            },
            observed: observed(judged),
            margin: used.map(margin).unwrap_or_default(),
            used,
            basis: basis(judged),
            word,
            reason: reasons.into_iter().flatten().collect::<Vec<_>>().join("; "),
            counts: !is_void,
        }
    }

    /// What is claimed, in one line.
    pub(in crate::report) fn claim(&self) -> String {
        format!("{} {}", self.subject, self.limit)
    }

    /// What was observed, how far it is from the limit and what it rests on, in one line.
    pub(in crate::report) fn seen(&self) -> String {
        let parts = [&self.observed, &self.margin, &self.basis];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// What needs looking at comes first.
    pub(super) fn rank(&self) -> u8 {
        match self.word {
            "FAIL" => 0,
            "INVALID" | "INCONCLUSIVE" => 1,
            "NOT JUDGED" | "NOT MEASURED" => 2,
            "PASS" => 3,
            _ => 4,
        }
    }
}

fn verdict(verdict: &Verdict) -> (&'static str, String) {
    match verdict {
        Verdict::Pass => ("PASS", String::new()),
        Verdict::Fail => ("FAIL", String::new()),
        Verdict::Inconclusive { more: Some(more) } => {
            ("INCONCLUSIVE", format!("needs about {} more", number(*more)))
        }
        Verdict::Inconclusive { more: None } => ("INCONCLUSIVE", "too close to the limit to tell".to_owned()),
        Verdict::NotJudged { n, needed } => {
            ("NOT JUDGED", format!("{} of {} needed", number(*n), number(*needed)))
        }
        Verdict::NotApplicable(why) => ("NOT APPLICABLE", why.clone()),
        Verdict::NotMeasured(why) => ("NOT MEASURED", why.clone()),
        Verdict::Invalid(why) => ("INVALID", why.clone()),
    }
}

/// What a goal is about, and what is promised of it.
fn claim(run: Option<&ScenarioRun>, goal: &Goal) -> (String, String) {
    let timing = |id| run.and_then(|run| run.timing(id)).map_or("", |timing| timing.name.as_str());
    let share = |id| run.and_then(|run| run.share(id)).map_or("", |share| share.name.as_str());
    match &goal.claim {
        Claim::Percentile { series, column, percent, limit: below } => {
            let subject = format!("p{percent} of {}{}", timing(*series), part(*column));
            (subject, format!("< {}", limit(*below)))
        }
        Claim::Errors { series, below } => {
            (format!("errors of {}", timing(*series)), format!("< {}", percent(*below)))
        }
        Claim::RequestErrors { below } => {
            ("failed requests / requests".to_owned(), format!("< {}", percent(*below)))
        }
        Claim::Share { share: id, below } => (share(*id).to_owned(), format!("> {}", percent(1.0 - below))),
        Claim::Always(id) => (share(*id).to_owned(), "= 100 %".to_owned()),
        Claim::Never(counter) => {
            let name = run.and_then(|run| run.counter(*counter)).map_or("", |counter| counter.name.as_str());
            (name.to_owned(), "= 0".to_owned())
        }
    }
}

fn part(column: Column) -> &'static str {
    match column {
        Column::SinceDue => "",
        Column::SinceSent => ", since sent",
        Column::Lateness => ", the generator's own lateness",
        Column::Phase(Phase::Blocked) => ", blocked",
        Column::Phase(Phase::Connecting) => ", connecting",
        Column::Phase(Phase::Tls) => ", TLS handshake",
        Column::Phase(Phase::Sending) => ", sending",
        Column::Phase(Phase::Waiting) => ", time to first byte",
        Column::Phase(Phase::Receiving) => ", receiving",
    }
}

/// What was observed, in the words of the claim.
fn observed(judged: &Judged) -> String {
    let (bad, n) = (judged.bad, judged.n);
    let seen = match &judged.goal.claim {
        // Where not one was answered there is no interval either.
        Claim::Percentile { .. } => {
            let none = || (n > 0).then(|| "no answer".to_owned());
            judged.observed.as_ref().and_then(quantile).or_else(none)
        }
        Claim::Errors { .. } | Claim::RequestErrors { .. } => {
            judged.share().map(|share| proportion(share, bad, n))
        }
        Claim::Share { .. } | Claim::Always(_) => {
            judged.share().map(|share| proportion(1.0 - share, n - bad, n))
        }
        Claim::Never(_) => Some(number(bad)),
    };
    seen.unwrap_or_else(|| "–".to_owned())
}

/// A percentile with its 95 % interval.
pub(super) fn quantile(seen: &Quantile) -> Option<String> {
    let value = match (seen.value, seen.low) {
        (Some(value), _) => duration(value),
        (None, Some(_)) => "no answer".to_owned(),
        (None, None) => return None,
    };
    let end = |end: Option<Duration>| end.map_or_else(|| "?".to_owned(), duration);
    Some(match (seen.low, seen.high) {
        (None, None) => value,
        (low, high) => format!("{value} ({}–{})", end(low), end(high)),
    })
}

/// The part of a limit that was used up; nothing where the limit is zero or nothing was seen.
fn used(judged: &Judged) -> Option<f64> {
    match &judged.goal.claim {
        Claim::Percentile { limit, .. } => {
            Some(judged.observed?.value?.as_secs_f64() / limit.as_secs_f64()).filter(|used| used.is_finite())
        }
        Claim::Errors { below, .. } | Claim::RequestErrors { below } | Claim::Share { below, .. } => {
            Some(judged.share()? / below).filter(|used| used.is_finite())
        }
        Claim::Always(_) | Claim::Never(_) => None,
    }
}

/// How far from the limit: `41 % below the limit`, `3.2 times the limit`.
fn margin(used: f64) -> String {
    match used {
        used if used <= 0.0 => "nothing of the limit used".to_owned(),
        used if used >= 2.0 => format!("{used:.1} times the limit"),
        used if used >= 1.0 => format!("{:.0} % over the limit", (used - 1.0) * 100.0),
        used if used < 0.01 => "over 99 % below the limit".to_owned(),
        used if used > 0.99 => "less than 1 % below the limit".to_owned(),
        used => format!("{:.0} % below the limit", (1.0 - used) * 100.0),
    }
}

/// What a verdict rests on: the bad ones of all, and the bound of their share.
fn basis(judged: &Judged) -> String {
    let bad = match &judged.goal.claim {
        Claim::Percentile { .. } => "slow",
        Claim::Errors { .. } | Claim::RequestErrors { .. } => "failed",
        Claim::Share { .. } | Claim::Always(_) => "bad",
        Claim::Never(_) => return String::new(),
    };
    let counts = format!("{} of {} {bad}", number(judged.bad), number(judged.n));
    match (judged.n, judged.bounds) {
        (0, _) => String::new(),
        (_, None) => counts,
        (_, Some((low, high))) => {
            // The bound that decided; where none did, both.
            let bound = match judged.verdict {
                Verdict::Fail => format!("at least {}", percent(low)),
                Verdict::Inconclusive { .. } => format!("{} to {}", percent(low), percent(high)),
                _ => format!("at most {}", percent(high)),
            };
            format!("{counts}, {bound} at 95 %{}", independence(&judged.design_effect))
        }
    }
}

/// Said where neighbouring samples could not be looked at for how much they depend on each other.
fn independence(effect: &DesignEffect) -> String {
    match effect {
        DesignEffect::TooFewBlocks { blocks } => {
            format!(", taken as independent ({} of 20 blocks)", number(*blocks))
        }
        DesignEffect::NotNeeded | DesignEffect::Applied { .. } => String::new(),
    }
}
