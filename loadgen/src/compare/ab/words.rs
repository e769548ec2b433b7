//! An experiment in words: what it will take, a line per round, what follows, `AB.md`.

use std::time::Duration;

use super::{Ab, Cut, Gathered, Length, Which};
use crate::{
    compare,
    plan_text::length,
    report::{
        markdown::text::{cell, link_cell, plain},
        put,
    },
    words::count,
};

/// What it will take at most, before it starts; a round takes `round` at most.
pub(super) fn announcement(of: &Length, scenarios: usize, round: Duration) -> String {
    let each = of.slice_s * scenarios as f64;
    let sure = (of.most.as_secs_f64() / round.as_secs_f64()).floor() as u64;
    let short = if sure < of.rounds {
        format!(", which is time for {sure} of them, or more where checks and reports take less")
    } else {
        String::new()
    };
    format!(
        "{} of two slices of {}, alternating; at most {} in all{short}",
        count(of.rounds, "round", "rounds"),
        length(each.round()),
        length(of.most.as_secs_f64())
    )
}

/// A round in a line.
pub(super) fn line(round: u64, rounds: u64, gathered: &Gathered) -> String {
    let left_out = gathered.slices.iter().filter(|slice| slice.round == round).filter_map(|slice| {
        let which = name(slice.which);
        Some(format!("; {which} is not counted: {}", slice.left_out.as_ref()?))
    });
    let left_out: String = left_out.collect();
    format!("round {} of {rounds}: {} counted so far{left_out}", round + 1, gathered.whole_rounds().len())
}

fn name(which: Which) -> &'static str {
    match which {
        Which::A => "A",
        Which::B => "B",
    }
}

impl Ab {
    fn counted(&self) -> u64 {
        let counts = |round: &u64| {
            let of = self.slices.iter().filter(|slice| slice.round == *round && slice.left_out.is_none());
            of.count() == 2
        };
        (0..self.rounds).filter(counts).count() as u64
    }

    /// What should be known of its course.
    fn course(&self) -> Vec<String> {
        let counted = format!("{} of {} counted.", self.counted(), count(self.rounds, "round", "rounds"));
        let cut = self.cut_short.as_ref().map(|cut| match cut {
            Cut::Interrupted => "It was interrupted: this is what the rounds before say.".to_owned(),
            Cut::OutOfTime => "There was no time for the other rounds (--most MINUTES).".to_owned(),
            Cut::Failed(why) => format!("It ended early, since a slice could not be run: {why}"),
        });
        [counted].into_iter().chain(cut).collect()
    }

    fn left_out(&self) -> impl Iterator<Item = String> {
        self.slices.iter().filter_map(|slice| {
            let why = slice.left_out.as_ref()?;
            Some(format!("round {}, {}: not counted, {why}", slice.round + 1, name(slice.which)))
        })
    }
}

/// What the terminal shows at the end.
pub fn text(ab: &Ab) -> String {
    let mut out = match &ab.comparison {
        Some(comparison) => compare::text(comparison),
        None => "Nothing could be compared: no round has both its slices.\n".to_owned(),
    };
    for line in ab.course().into_iter().chain(ab.left_out()) {
        put!(out, "{line}");
    }
    out
}

/// `AB.md`.
pub fn markdown(ab: &Ab) -> String {
    let mut out = match &ab.comparison {
        Some(comparison) => compare::markdown(comparison),
        None => "# A and B\n\n**Nothing could be compared: no round has both its slices.**\n".to_owned(),
    };
    put!(out, "\n## Its course\n");
    for sentence in ab.course() {
        put!(out, "- {}", plain(&sentence));
    }
    put!(out, "\n| round | target | run | counted |\n|--:|---|---|---|");
    for slice in &ab.slices {
        let counted = slice.left_out.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
        let (counted, report) =
            (cell(&counted), link_cell(&slice.dir, &format!("{}/LOAD_TEST_REPORT.md", slice.dir)));
        let (round, which) = (slice.round + 1, name(slice.which));
        put!(out, "| {round} | {which} | {report} | {counted} |");
    }
    out
}
