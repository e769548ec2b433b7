//! What a workflow on GitHub shows of a run: annotations, and the step's summary.
//!
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions". It shows ten annotations of each kind per
//! step; the tenth of ours says how many more there are.

use super::{
    markdown, one_line,
    view::{GoalRow, View},
};

/// Annotations of one kind that are shown.
const SHOWN: usize = 10;

/// How much a step may put into its summary, bytes.
const SUMMARY_MOST: usize = 1 << 20;

/// What an annotation says of a run.
struct Annotation {
    title: String,
    text: String,
}

/// Annotations as workflow commands, a line each: what the run says in all, what was missed, what was not decided.
pub(super) fn annotations(view: &View<'_>) -> String {
    let mut out = String::new();
    let headline = Annotation { title: format!("Launch rehearsal {}", view.run.meta.id), text: said(view) };
    commands(&mut out, "notice", vec![headline]);
    commands(&mut out, "error", errors(view));
    commands(&mut out, "warning", warnings(view));
    out
}

fn said(view: &View<'_>) -> String {
    format!("{}: {}", view.answer(), view.headline())
}

/// What the step's summary gets: the one-page report, as much of it as fits beside `there` bytes that are there.
pub(super) fn step_summary(view: &View<'_>, there: usize) -> String {
    bounded(markdown::summary(view), SUMMARY_MOST.saturating_sub(there))
}

/// At most `most` bytes of a text, cut after a line that is whole.
fn bounded(text: String, most: usize) -> String {
    const CUT: &str = "\nCut here: the step's summary is full. The whole of it is SUMMARY_REPORT.md.\n";
    if text.len() <= most {
        return text;
    }
    let room = text.floor_char_boundary(most.saturating_sub(CUT.len()));
    let whole = text[..room].rfind('\n').map_or(0, |end| end + 1);
    if CUT.len() > most { String::new() } else { format!("{}{CUT}", &text[..whole]) }
}

fn errors(view: &View<'_>) -> Vec<Annotation> {
    let missed = view.goals("FAIL").into_iter().map(|(name, goal)| about(name, goal, "missed"));
    let broken = view.broken().into_iter();
    let broken = broken.map(|text| Annotation { title: "the target's own books".to_owned(), text });
    let stopped = view.scenarios.iter().filter(|scenario| scenario.verdict == "ABORTED");
    let stopped = stopped.filter_map(|scenario| {
        let ended = scenario.measured.ended_early.as_ref()?;
        let text = format!("aborted in second {}: {}", ended.second, ended.why);
        Some(Annotation { title: scenario.measured.run.name.clone(), text })
    });
    missed.chain(broken).chain(stopped).collect()
}

fn warnings(view: &View<'_>) -> Vec<Annotation> {
    let of = |name: &str, text: String| Annotation { title: name.to_owned(), text };
    let partial = view.run.interrupted.then(|| of("the run", view.answer().to_owned()));
    let left = view.run.not_run.iter().map(|left| of(&left.name, format!("not run: {}", left.why)));
    let invalid = view.invalid().into_iter().map(|(name, why)| of(name, format!("INVALID: {why}")));
    let void = view.goals("INVALID").into_iter().map(|(name, goal)| about(name, goal, "invalid"));
    let open = view.goals("INCONCLUSIVE").into_iter().map(|(name, goal)| about(name, goal, "undecided"));
    partial.into_iter().chain(left).chain(invalid).chain(void).chain(open).collect()
}

fn about(scenario: &str, goal: &GoalRow, word: &str) -> Annotation {
    let reason = if goal.reason.is_empty() { String::new() } else { format!(" ({})", goal.reason) };
    Annotation {
        title: format!("{scenario}: {} {word}", goal.name),
        text: format!("{}: {}{reason}", goal.claim(), goal.seen()),
    }
}

/// Writes annotations of one kind, as many as are shown.
fn commands(out: &mut String, kind: &str, mut all: Vec<Annotation>) {
    let further = all.len().saturating_sub(SHOWN);
    if further > 0 {
        all.truncate(SHOWN - 1);
        let text = format!("{} further ones: see the summary, or junit.xml for all", further + 1);
        all.push(Annotation { title: "and more".to_owned(), text });
    }
    for Annotation { title, text } in all {
        put!(out, "::{kind} title={}::{}", property(&one_line(&title)), data(&one_line(&text)));
    }
}

/// A command's text, so that none of it is read as another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
