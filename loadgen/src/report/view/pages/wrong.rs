//! What went wrong in browsers' visits, and whether the browsers themselves were well.

use std::collections::BTreeSet;

use super::tame;
use crate::{
    browser::canary::{MOST_MORE_MS, MOST_TIMES},
    run::{BrowserAccount, Canary},
    words::{count, duration_ms, number},
};

/// How many of what went wrong are shown.
const SHOWN: usize = 5;

/// What went wrong in visits.
pub(in crate::report) struct Wrong {
    pub(in crate::report) console_errors: u64,
    /// The first different ones.
    pub(in crate::report) console: Vec<String>,
    pub(in crate::report) failed_requests: u64,
    pub(in crate::report) failed: Vec<String>,
    /// How many other hosts were asked for something, and the first of them.
    pub(in crate::report) others: u64,
    pub(in crate::report) kept_in: Vec<String>,
    /// Visits that came to nothing through the browser's own fault, the canary's and the others; empty where there
    /// were none.
    pub(in crate::report) lost: String,
    pub(in crate::report) troubles: Vec<String>,
}

/// The page of the generator's own, which shows whether browsers were starved.
pub(in crate::report) struct CanaryView {
    /// When, how often, what it took beyond being held back.
    pub(in crate::report) rows: [[String; 3]; 2],
    pub(in crate::report) sentence: String,
}

impl Wrong {
    pub(super) fn new(account: &BrowserAccount) -> Self {
        let views = || account.visits.iter().map(|seen| &seen.view);
        let hosts: BTreeSet<&String> = views().flat_map(|view| &view.kept_in).collect();
        Self {
            console_errors: views().map(|view| view.console_errors).sum(),
            console: first(views().flat_map(|view| &view.console)),
            failed_requests: views().map(|view| view.failed_count).sum(),
            failed: first(views().flat_map(|view| &view.failed)),
            others: hosts.len() as u64,
            kept_in: first(hosts),
            lost: lost(account),
            troubles: first(&account.troubles),
        }
    }

    /// How much, in words.
    pub(super) fn counts(&self) -> String {
        format!(
            "{}, {}",
            count(self.console_errors, "error on the console", "errors on the console"),
            count(self.failed_requests, "failed request", "failed requests")
        )
    }

    /// What was seen of each kind: what it is, how often, the first ones.
    pub(in crate::report) fn lists(&self) -> Vec<(String, &[String])> {
        let counted = |n, one, many, first| (count(n, one, many), first);
        let lists = [
            counted(self.failed_requests, "request failed", "requests failed", self.failed.as_slice()),
            counted(self.console_errors, "error on the console", "errors on the console", &self.console),
            counted(
                self.others,
                "other host was sent nothing; what it would add is in no figure here",
                "other hosts were sent nothing; what they would add is in no figure here",
                &self.kept_in,
            ),
        ];
        let lists = lists.into_iter().filter(|(_, first)| !first.is_empty());
        let lost = (!self.lost.is_empty()).then(|| (self.lost.clone(), self.troubles.as_slice()));
        lists.chain(lost).collect()
    }
}

/// The first few that differ.
fn first<'s>(texts: impl IntoIterator<Item = &'s String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    texts
        .into_iter()
        .map(|text| tame(text, 200))
        .filter(|text| known.insert(text.clone()))
        .take(SHOWN)
        .collect()
}

fn lost(account: &BrowserAccount) -> String {
    let of = |lost, one, many| (lost > 0).then(|| count(lost, one, many));
    let looks = of(account.lost, "visit", "visits");
    let canaries = of(account.canary.lost, "canary visit", "canary visits");
    let all: Vec<String> = looks.into_iter().chain(canaries).collect();
    if all.is_empty() {
        return String::new();
    }
    format!("{} came to nothing through the browser's own fault, in no figure here", all.join(" and "))
}

impl CanaryView {
    /// `void`: whether the goal on LCP is INVALID.
    pub(super) fn new(canary: &Canary, void: bool) -> Self {
        let row = |when: &str, times: &[f64], took: Option<f64>, which: &str| {
            let took = took.map_or_else(|| "–".to_owned(), |ms| format!("{} ({which})", duration_ms(ms)));
            [when.to_owned(), number(times.len() as u64), took]
        };
        let rows = [
            row("before the crowd", &canary.idle_ms, canary.alone_ms(), "median"),
            row("while it was there", &canary.meanwhile_ms, canary.beside_ms(), slowest(canary)),
        ];
        Self { rows, sentence: said(canary, void) }
    }
}

/// Which of the visits beside the crowd counts.
fn slowest(canary: &Canary) -> &'static str {
    if canary.spares_one() { "second slowest" } else { "slowest" }
}

/// What the canary says of the browsers.
fn said(canary: &Canary, void: bool) -> String {
    let seen = canary.meanwhile_ms.len() as u64;
    let lost = match canary.lost {
        0 => String::new(),
        lost => format!(
            " {} of {} came to nothing.",
            number(lost),
            count(lost + seen, "canary visit", "canary visits")
        ),
    };
    let figures = (canary.alone_ms(), canary.beside_ms(), canary.times(), canary.is_starved());
    let (Some(alone), Some(beside), Some(times), Some(starved)) = figures else {
        return format!(
            "Whether the browsers were starved is not known: the canary page was not seen both before and beside the \
             crowd.{lost}"
        );
    };
    let verdict = match (starved, void) {
        (false, _) if canary.lost > seen => "it was seen too seldom to say whether the browsers were starved",
        (false, _) => "the browsers were not starved",
        (true, true) => "the browsers were starved by this machine, and LCP is INVALID",
        (true, false) => "the browsers were starved by this machine, and LCP says little of the target",
    };
    format!(
        "Canary, a page of this generator's own: beyond the {} it is held back, {} before the crowd (median of {}), {} \
         beside it ({} of {}), {times:.2} times as long (up to {MOST_TIMES} times, and {} more, is allowed): {verdict}.{lost}",
        duration_ms(canary.held_ms),
        duration_ms(alone),
        number(canary.idle_ms.len() as u64),
        duration_ms(beside),
        slowest(canary),
        number(seen),
        duration_ms(MOST_MORE_MS),
    )
}
