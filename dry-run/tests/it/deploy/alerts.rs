//! The alerts, their tests and the runbook.

use std::collections::{BTreeMap, BTreeSet};

use super::read;

/// Names and lines of all alerts, in their order; a name may be there more than once.
fn alerts() -> Vec<(String, String)> {
    let rules = read("deploy/prometheus/rules.yml");
    let alerts = rules.split("- alert: ").skip(1).map(|rest| {
        let (name, lines) = rest.split_once('\n').expect("an alert has lines");
        (name.to_owned(), lines.split("\n\n").next().expect("the first").to_owned())
    });
    alerts.collect()
}

fn names() -> BTreeSet<String> {
    alerts().into_iter().map(|(name, _)| name).collect()
}

/// Every expression of the rules: on the line of its `expr:`, or in the lines below that are further in.
pub(super) fn expressions() -> Vec<String> {
    let rules = read("deploy/prometheus/rules.yml");
    let lines: Vec<&str> = rules.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, expression)) = line.split_once("expr: ") else { continue };
        found.push(if expression == "|" {
            let inside =
                lines[at + 1..].iter().take_while(|line| line.starts_with(&" ".repeat(before.len() + 1)));
            inside.map(|line| line.trim()).collect::<Vec<_>>().join(" ")
        } else {
            expression.trim_end_matches([' ', '}']).trim_matches('"').to_owned()
        });
    }
    found
}

#[test]
fn every_alert_says_how_bad_it_is_what_it_is_and_what_to_do() {
    let alerts = alerts();
    assert!(alerts.len() >= 9, "{} alerts", alerts.len());
    for (name, lines) in &alerts {
        for wanted in ["severity: ", "summary: ", "description: "] {
            assert!(lines.contains(wanted), "{name} has no {wanted}");
        }
        let url = format!("docs/RUNBOOK.md#{}\"", name.to_lowercase());
        assert!(lines.contains(&url), "{name} does not lead to its own section of the runbook");
    }
}

#[test]
fn every_alert_has_its_section_and_every_section_its_alert() {
    let runbook = read("docs/RUNBOOK.md");
    let sections: Vec<&str> = runbook.split("\n## ").skip(1).collect();
    let headings = sections.iter().map(|section| section.lines().next().expect("a heading").to_owned());
    assert_eq!(headings.collect::<BTreeSet<_>>(), names());
    for section in sections {
        for part in ["**Means**", "**Look at**", "**Do**", "**False alarm**", "**Proof**"] {
            assert!(section.contains(part), "no {part} in {}", section.lines().next().expect("a heading"));
        }
    }
    let anchors: BTreeSet<String> = names().iter().map(|name| name.to_lowercase()).collect();
    for link in runbook.split("](#").skip(1) {
        let anchor = link.split(')').next().expect("the first");
        assert!(anchors.contains(anchor), "#{anchor} leads nowhere");
    }
}

/// Whether they pass, promtool says.
#[test]
fn every_alert_is_tested_to_fire_and_to_stay_silent() {
    let tests = read("deploy/prometheus/rules.test.yml");
    let mut tried: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for case in tests.split("alertname: ").skip(1) {
        let end = case.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(case.len());
        let (name, rest) = case.split_at(end);
        let own = rest.split("\n  - name: ").next().expect("the first");
        tried.entry(name.to_owned()).or_default().insert(own.contains("exp_alerts:"));
    }
    let both: BTreeSet<bool> = [false, true].into();
    let tried_both: BTreeSet<String> =
        tried.into_iter().filter(|(_, ways)| *ways == both).map(|(name, _)| name).collect();
    assert_eq!(tried_both, names());
}
