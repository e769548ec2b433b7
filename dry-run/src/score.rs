//! The mutation score: how many of the planted defects the suite noticed, as text.

use std::fmt::{self, Write as _};

use crate::defects::{By, Case, Stage};

/// Something that turned red and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A goal that was missed.
    Goal(String),
    /// An invariant that the audit of the mock's books found broken.
    Audit(String),
}

/// A run without a defect.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) stage: Stage,
    /// What was red all the same.
    pub(crate) findings: Vec<Finding>,
    pub(crate) seconds: u64,
}

/// A run with a defect.
#[derive(Debug)]
pub(crate) struct Graded {
    pub(crate) case: Case,
    /// What noticed it; nothing, if it was missed.
    pub(crate) findings: Vec<Finding>,
    pub(crate) seconds: u64,
}

/// All runs of a grading.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) controls: Vec<Control>,
    pub(crate) graded: Vec<Graded>,
}

impl Score {
    /// Whether every defect was noticed, and nothing else was.
    pub(crate) fn is_full(&self) -> bool {
        self.caught() == self.graded.len() && self.controls_are_green()
    }

    fn caught(&self) -> usize {
        self.graded.iter().filter(|graded| !graded.findings.is_empty()).count()
    }

    fn controls_are_green(&self) -> bool {
        self.controls.iter().all(|control| control.findings.is_empty())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goal(name) => f.write_str(name),
            Self::Audit(name) => write!(f, "audit: {name}"),
        }
    }
}

/// How a run without a defect went, in a line.
pub(crate) fn control_line(Control { stage, findings, seconds }: &Control) -> String {
    let verdict = if findings.is_empty() { "green".to_owned() } else { format!("RED: {}", list(findings)) };
    format!("control  {stage} ({seconds} s): {verdict}")
}

/// How a run with a defect went, in a line.
pub(crate) fn graded_line(Graded { case, findings, seconds }: &Graded) -> String {
    let (name, scenario) = (case.defect.name(), case.stage.scenario);
    if findings.is_empty() {
        return format!("MISSED   {name} by {scenario} ({seconds} s)");
    }
    format!("caught   {name} by {scenario} ({seconds} s): {}{}", list(findings), basis(case.by))
}

/// The score in a line, and what is wrong with it.
pub(crate) fn headline(score: &Score) -> String {
    let (caught, all) = (score.caught(), score.graded.len());
    let percent = (caught * 100).checked_div(all).unwrap_or(100);
    let mut text = format!("mutation score: {caught} of {all} ({percent} %)");
    if !score.controls_are_green() {
        text.push_str("; it means nothing: a run without a defect was red as well");
    }
    text
}

/// The score as a page of Markdown.
pub(crate) fn table(score: &Score) -> String {
    let mut page = format!(
        "# Mutation score\n\n**{}**\n\nEach defect was planted in a mock of its own, and only the scenario meant to \
         notice it was run, at `smoke`. A goal that one counterexample refutes, or the audit of the mock's books, \
         has to notice; where a defect costs only time, a goal about latency.\n\n\
         | defect | what is wrong | scenario | verdict | by what | seconds |\n|---|---|---|---|---|---:|\n",
        headline(score)
    );
    for Graded { case, findings, seconds } in &score.graded {
        let verdict = if findings.is_empty() { "**MISSED**" } else { "caught" };
        let by = format!("{}{}", list(findings), if findings.is_empty() { "" } else { basis(case.by) });
        let (name, title) = (case.defect.name(), case.defect.title());
        line(&mut page, &[&format!("`{name}`"), &title, &case.stage, &verdict, &by, seconds]);
    }
    page.push_str(
        "\nThe same without a defect. What counts above must be green here; goals about the share of errors are red \
         where errors are planned.\n\n| scenario | verdict | red | seconds |\n|---|---|---|---:|\n",
    );
    for Control { stage, findings, seconds } in &score.controls {
        let verdict = if findings.is_empty() { "green" } else { "**RED**" };
        line(&mut page, &[stage, &verdict, &list(findings), seconds]);
    }
    page
}

fn line(page: &mut String, cells: &[&dyn fmt::Display]) {
    for cell in cells {
        write!(page, "| {cell} ").expect("writing to a string cannot fail");
    }
    page.push_str("|\n");
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("; ")
}

/// Said where no single counterexample proves it.
fn basis(by: By) -> &'static str {
    match by {
        By::ProofOrAudit => "",
        By::Latency => " (a sample of latencies)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defects::cases;

    fn graded(found: &[&str]) -> Vec<Graded> {
        let findings = |name: &&str| {
            if name.is_empty() { Vec::new() } else { vec![Finding::Goal((*name).to_owned())] }
        };
        let of = |(case, name)| Graded { case, findings: findings(name), seconds: 12 };
        cases().zip(found).map(of).collect()
    }

    #[test]
    fn a_defect_that_nothing_noticed_is_missed() {
        let score = Score { controls: Vec::new(), graded: graded(&["seats sold never exceed capacity", ""]) };
        assert!(!score.is_full());
        assert_eq!(headline(&score), "mutation score: 1 of 2 (50 %)");
        assert_eq!(graded_line(&score.graded[1]), "MISSED   double-booking by event-rsvp-load (12 s)");
        assert!(table(&score).contains("| `double-booking` |"));
    }

    #[test]
    fn a_score_beside_a_red_control_means_nothing() {
        let graded = graded(&["seats sold never exceed capacity"]);
        let stage = graded[0].case.stage;
        let red = vec![Finding::Audit("seats_within_capacity".to_owned())];
        let mut score = Score { controls: vec![Control { stage, findings: Vec::new(), seconds: 9 }], graded };
        assert!(score.is_full());
        score.controls.push(Control { stage, findings: red, seconds: 9 });
        assert!(!score.is_full());
        assert!(headline(&score).contains("means nothing"), "{}", headline(&score));
    }
}
