//! Reports: pure functions of a run. The same run makes the same files, byte for byte.

/// A line of text at the end of a string.
macro_rules! put {
    ($out:expr, $($text:tt)*) => {{
        use std::fmt::Write as _;
        writeln!($out, $($text)*).expect("writing to a string cannot fail");
    }};
}
pub(crate) use put;

mod chart;
mod csv;
mod folder;
mod format;
mod github;
pub mod history;
mod html;
mod junit;
mod k6;
pub(crate) mod markdown;
mod percentiles;
mod text;
mod view;

use std::{io, path::Path};

use engine::{
    run::{Cell, ScenarioRun},
    verdict::{Judged, ScenarioVerdict},
};

pub use self::format::{Format, NoSuch, one};
use self::view::View;
use crate::{
    judgement::Judgement,
    run::{self, Run},
    words::one_line,
};

/// Writes every file of a run's report into `dir`, which exists: all of them, or none where one cannot be written. A
/// `run.json` that says the same is left as it is: everything else can be made again, it cannot.
pub fn write_all(run: &Run, dir: &Path) -> io::Result<()> {
    let mut files = files(run);
    if Run::read(dir).is_ok_and(|there| there == *run) {
        files.retain(|(name, _)| name != run::FILE);
    }
    folder::place(dir, &files)
}

/// Every file of a run's report: its name and what is in it.
pub fn files(run: &Run) -> Vec<(String, String)> {
    let view = View::new(run);
    let mut files = vec![
        (run::FILE.to_owned(), run.to_json()),
        ("SUMMARY_REPORT.md".to_owned(), markdown::summary(&view)),
        ("LOAD_TEST_REPORT.md".to_owned(), markdown::full(&view)),
        ("report.html".to_owned(), html::render(&view)),
        ("junit.xml".to_owned(), junit::render(&view)),
        (percentiles::FILE.to_owned(), percentiles::render(run)),
        (csv::METRICS.to_owned(), csv::metrics(&view)),
        (csv::TIMELINE.to_owned(), csv::timeline(&view)),
    ];
    for scenario in &view.scenarios {
        let name = &scenario.measured.run.name;
        files.push((format!("{name}.json"), k6::render(scenario)));
        files.push((format!("{name}_summary.txt"), text::summary(&view, scenario)));
    }
    for left in &run.not_run {
        files.push((format!("{}_summary.txt", left.name), text::not_run(&view, left)));
    }
    files
}

/// Service times of every route as CSV, the file `percentiles.csv` of a run's directory.
pub fn percentiles(run: &Run) -> String {
    percentiles::render(run)
}

/// What the summary of a step on GitHub gets, beside `there` bytes that are there.
pub fn step_summary(run: &Run, there: usize) -> String {
    github::step_summary(&View::new(run), there)
}

/// What of a scenario k6 would call `metric`, for its trends (`http_req_duration`): the cells. Empty where there is
/// nothing of that name.
pub fn k6_trend<'a>(run: &'a ScenarioRun, metric: &str) -> Vec<&'a Cell> {
    k6::trend(run, metric)
}

/// What the terminal shows when a run is over.
pub fn closing(run: &Run) -> String {
    text::closing(&View::new(run))
}

/// Whether the team can launch, in a sentence: what the report says first.
pub fn answer(judgement: &Judgement) -> &'static str {
    view::answer(judgement)
}

/// A scenario's verdict in a word; `stopped` when the target met a condition that ended it.
pub fn verdict_word(judged: &ScenarioVerdict, stopped: bool) -> &'static str {
    view::verdict_of(judged, stopped)
}

/// A goal and what was seen of it, in one line.
pub(crate) fn goal(run: &ScenarioRun, judged: &Judged) -> String {
    view::goal(run, judged)
}
