//! Reports: pure functions of a run. The same run makes the same files, byte for byte.

mod chart;
mod html;
mod junit;
mod k6;
mod markdown;
mod text;
mod view;
mod words;

use std::{fs, io, path::Path};

use self::view::View;
use crate::run::{self, Run};

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
    ];
    for scenario in &view.scenarios {
        let name = &scenario.measured.run.name;
        files.push((format!("{name}.json"), k6::render(scenario)));
        files.push((format!("{name}_summary.txt"), text::summary(&view, scenario)));
    }
    files
}

/// What the terminal shows when a run is over.
pub fn closing(run: &Run) -> String {
    text::closing(&View::new(run))
}
