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
mod html;
mod junit;
mod k6;
mod markdown;
mod percentiles;
mod text;
mod view;

use std::{fs, io, path::Path};

use engine::{
    run::ScenarioRun,
    verdict::{Judged, ScenarioVerdict},
};

use self::view::View;
use crate::{
    judgement::Judgement,
    run::{self, Run},
};

/// Writes every file of a run's report into `dir`, which exists.
pub fn write_all(run: &Run, dir: &Path) -> io::Result<()> {
    for (name, text) in files(run) {
        fs::write(dir.join(name), text)?;
    }
    Ok(())
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

/// Text as one line of text: what a target sent may have more.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
