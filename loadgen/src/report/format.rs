//! One format of a report, alone.

use super::{
    csv, github, history, html, junit, k6, markdown, text,
    view::{ScenarioView, View},
};
use crate::run::Run;

/// What a report can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Everything, in Markdown.
    Full,
    /// One page, in Markdown.
    Summary,
    /// A page for a browser.
    Html,
    /// The run itself.
    Json,
    /// JUnit's XML.
    Junit,
    /// A scenario in the shape of k6's summary: the one of this name, or the only one.
    K6(Option<String>),
    /// Figures of each series, as CSV.
    Metrics,
    /// Figures of each second, as CSV.
    Timeline,
    /// Annotations of a workflow on GitHub.
    Github,
    /// A header and the run's row for Apache Otava.
    Otava,
    /// Plain text: of the run, or of the scenario of this name.
    Text(Option<String>),
}

/// There is no such scenario, or more than one to choose from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuch {
    /// Nobody said which.
    #[error("k6's shape holds one scenario: add --scenario with one of {}", there.join(", "))]
    Unnamed {
        /// Those that ran.
        there: Vec<String>,
    },
    /// It did not run.
    #[error("the run has no scenario `{name}`: it has {}", there.join(", "))]
    Absent {
        /// What was asked for.
        name: String,
        /// Those that ran.
        there: Vec<String>,
    },
    /// None ran.
    #[error("the run has no scenario: none was begun")]
    Empty,
}

/// A run in one format.
pub fn one(run: &Run, format: &Format) -> Result<String, NoSuch> {
    let view = View::new(run);
    Ok(match format {
        Format::Full => markdown::full(&view),
        Format::Summary => markdown::summary(&view),
        Format::Html => html::render(&view),
        Format::Json => run.to_json(),
        Format::Junit => junit::render(&view),
        Format::K6(name) => k6::render(scenario(&view, name.as_deref())?),
        Format::Metrics => csv::metrics(&view),
        Format::Timeline => csv::timeline(&view),
        Format::Github => github::annotations(&view),
        Format::Otava => history::row(run, None).document(),
        Format::Text(None) => text::closing(&view),
        Format::Text(name) => text::summary(&view, scenario(&view, name.as_deref())?),
    })
}

/// The scenario of this name; without one, the only one there is.
fn scenario<'v, 'a>(view: &'v View<'a>, name: Option<&str>) -> Result<&'v ScenarioView<'a>, NoSuch> {
    let there = || view.scenarios.iter().map(|scenario| scenario.measured.run.name.clone()).collect();
    match (name, view.scenarios.as_slice()) {
        (_, []) => Err(NoSuch::Empty),
        (None, [only]) => Ok(only),
        (None, _) => Err(NoSuch::Unnamed { there: there() }),
        (Some(name), all) => all
            .iter()
            .find(|scenario| scenario.measured.run.name == name)
            .ok_or_else(|| NoSuch::Absent { name: name.to_owned(), there: there() }),
    }
}
