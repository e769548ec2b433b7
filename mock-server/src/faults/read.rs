//! From what is typed to what it means, every mistake named by its line.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::keys::{Keys, RawFault};
use super::kinds::{Aim, Kind};
use super::plan::{Fault, FaultPlan, Target, Window};
use crate::latency::stream::Stream;

/// Faults a plan may have: each is looked at for every request.
const MAX_FAULTS: usize = 64;
/// Longest a window may begin after the start, or last, in seconds: a day.
const DAY_S: f64 = 86_400.0;

/// What is wrong with a plan of faults, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct PlanError {
    /// Line in the file, from 1.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

/// What a plan may name.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Routes, usually [`contract::measured_routes`].
    pub routes: &'a [&'static str],
    /// Pools of the latency profile.
    pub pools: &'a [&'a str],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    seed: Spanned<i64>,
    #[serde(default)]
    fault: Vec<Spanned<RawFault>>,
}

/// Reads and checks a plan of faults.
pub fn parse(text: &str, known: Known<'_>) -> Result<FaultPlan, PlanError> {
    let file = File { text };
    let raw: RawPlan = toml::from_str(text).map_err(|error| {
        // The parser quotes the line below its message; ours is named by number.
        file.fault(error.span().unwrap_or(0..0), error.message().to_owned())
    })?;
    let negative =
        |_| file.fault(raw.seed.span(), format!("seed = {} must not be negative", raw.seed.get_ref()));
    let seed = u64::try_from(*raw.seed.get_ref()).map_err(negative)?;
    if let Some(first) = raw.fault.get(MAX_FAULTS) {
        return Err(file.fault(first.span(), format!("more than {MAX_FAULTS} faults")));
    }
    let faults = raw.fault.into_iter().enumerate();
    let faults =
        faults.map(|(place, raw)| fault(file, known, Stream::new(seed, &format!("fault {place}")), raw));
    Ok(FaultPlan { seed, text: text.to_owned(), faults: faults.collect::<Result<_, _>>()? })
}

fn fault(
    file: File<'_>,
    known: Known<'_>,
    stream: Stream,
    raw: Spanned<RawFault>,
) -> Result<Fault, PlanError> {
    let settings = raw.get_ref().iter().map(|(key, value)| (key.get_ref(), value.get_ref()));
    let settings = settings.map(|(key, value)| (key.clone(), serde_json::json!(value))).collect();
    let mut keys = Keys::new(file, known, raw);
    let name = keys.text("kind")?;
    let name = keys.needed("kind", name)?;
    let kind = Kind::read(name.get_ref(), &mut keys)
        .unwrap_or_else(|| Err(file.fault(name.span(), unknown("kind", name.get_ref(), Kind::NAMES))))?;
    let route = if kind.aim() == Aim::Requests && !kind.is_once() { keys.route()? } else { None };
    let from = keys.number("from_s", 0.0..=DAY_S)?.map_or(Duration::ZERO, Duration::from_secs_f64);
    let lasting = keys.number("for_s", 0.001..=DAY_S)?.map(Duration::from_secs_f64);
    let is_whole = kind.is_once() || kind.aim() == Aim::Everything;
    let share = if is_whole { None } else { keys.number("share", 0.0..=1.0)? };
    keys.finish()?;
    Ok(Fault {
        target: Target::new(kind.aim(), route),
        kind,
        window: Window { from, to: lasting.map(|lasting| from + lasting) },
        share: share.unwrap_or(1.0),
        settings,
        stream,
    })
}

/// The file, for finding lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    text: &'a str,
}

impl File<'_> {
    pub(super) fn fault(&self, at: Range<usize>, message: String) -> PlanError {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        PlanError { line: before.matches('\n').count() + 1, message }
    }
}

/// Names what is not known, and what is.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("unknown {what} {name:?}: there are none");
    }
    format!("unknown {what} {name:?}; known are {}", known.join(", "))
}
