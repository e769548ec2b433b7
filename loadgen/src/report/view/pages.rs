//! What real browsers saw of a scenario's pages: LCP beside web.dev's thresholds, where its time went, page by page,
//! and the slowest visits. All of it is computed from the account's rows. The goal's own row comes from the series
//! [`LCP_SERIES`], which has the same samples: [`crate::run::PageView::outcome`] of every visit. A page that answered with
//! an error, or is another than it was sent for, is in no figure: whatever a browser shows then, and however soon.

mod figures;
mod films;
mod groups;
#[cfg(test)]
mod tests;
mod wrong;

use std::time::Duration;

use engine::goal::{Claim, Goal};

pub(in crate::report) use figures::{Dot, LCP, Part, Rated, Spread, Vital};
pub(in crate::report) use films::{Bar, FilmView, How, Mark};
pub(in crate::report) use groups::Group;
pub(in crate::report) use wrong::{CanaryView, Wrong};

use super::goals::GoalRow;
use crate::{
    browser::{CAP, Throttle},
    run::{BrowserAccount, Ended, Measured, Outcome, Seen},
    scenarios::page::{NAME, goals::LCP as LCP_SERIES},
    words::{count, duration, number, one_line},
};

/// What real browsers saw, or why there is nothing.
pub(in crate::report) enum PagesView<'a> {
    /// None visited: why, and what to do about it, in a sentence or two.
    Unseen(String),
    /// Some did.
    Seen(Box<Pages<'a>>),
}

/// What real browsers saw.
pub(in crate::report) struct Pages<'a> {
    /// Who visited, with what.
    pub(in crate::report) setting: String,
    /// The verdict on LCP in a word, and what more there is to say of it; nothing where it has no goal.
    pub(in crate::report) verdict: Option<(&'static str, String)>,
    /// LCP of all visits.
    pub(in crate::report) spread: Spread,
    /// LCP in web.dev's three classes.
    pub(in crate::report) rated: [Rated; 3],
    /// Where the time of an LCP went, on average; empty where no visit settled with one.
    pub(in crate::report) parts: Vec<Part>,
    /// Which part is the largest.
    pub(in crate::report) largest: String,
    /// p75 of each figure, beside web.dev's thresholds.
    pub(in crate::report) vitals: Vec<Vital>,
    /// LCP by page, by device, by what the browser had kept.
    pub(in crate::report) groups: Vec<Group>,
    /// How the visits ended; they add up to all.
    pub(in crate::report) ends: Vec<(String, u64)>,
    /// What went wrong in them.
    pub(in crate::report) wrong: Wrong,
    pub(in crate::report) canary: CanaryView,
    /// Every LCP, by when its visit began.
    pub(in crate::report) dots: Vec<Dot>,
    /// The slowest visits, slowest first.
    pub(in crate::report) films: Vec<FilmView<'a>>,
    /// All of it in four sentences.
    pub(in crate::report) brief: Vec<String>,
}

impl<'a> PagesView<'a> {
    /// The view of a scenario with pages; nothing of any other. `goals` are the scenario's.
    pub(super) fn new(measured: &'a Measured, goals: &[GoalRow]) -> Option<Self> {
        let run = &measured.run;
        let is_lcp = |goal: &&Goal| match goal.claim {
            Claim::Percentile { series, .. } => run.timing(series).is_some_and(|it| it.name == LCP_SERIES),
            _ => false,
        };
        let promised = run.goals.iter().find(is_lcp);
        let goal = promised.and_then(|promised| goals.iter().find(|goal| goal.name == promised.name));
        match &measured.browsers {
            Some(account) => Some(Self::Seen(Box::new(Pages::new(account, goal)))),
            None if run.name == NAME => Some(Self::Unseen(unseen(goal))),
            None => None,
        }
    }

    /// It in a few sentences.
    pub(in crate::report) fn brief(&self) -> &[String] {
        match self {
            Self::Unseen(why) => std::slice::from_ref(why),
            Self::Seen(pages) => &pages.brief,
        }
    }
}

fn unseen(goal: Option<&GoalRow>) -> String {
    let why = goal.map(|goal| goal.reason.as_str()).filter(|reason| !reason.is_empty());
    let why = why.unwrap_or("no browser visited");
    format!("LCP was not measured: {why}. With `--browsers 2` two real browsers visit beside the crowd.")
}

impl<'a> Pages<'a> {
    fn new(account: &'a BrowserAccount, goal: Option<&GoalRow>) -> Self {
        let visits = &account.visits;
        let verdict = goal.map(|goal| (goal.word, goal.reason.clone()));
        let void = goal.is_some_and(|goal| goal.word == "INVALID");
        let mut pages = Self {
            setting: setting(account),
            verdict,
            spread: Spread::of(visits),
            rated: figures::rated(visits),
            parts: figures::parts(visits),
            largest: String::new(),
            vitals: figures::vitals(visits),
            groups: groups::groups(visits),
            ends: ends(visits),
            wrong: Wrong::new(account),
            canary: CanaryView::new(&account.canary, void),
            dots: figures::dots(visits),
            films: films::films(account),
            brief: Vec::new(),
        };
        pages.largest = figures::largest(&pages.parts);
        pages.brief = vec![pages.seen(), pages.time(), pages.visits(), pages.canary.sentence.clone()];
        pages
    }

    /// LCP in a sentence.
    fn seen(&self) -> String {
        let Spread { samples, p75, p95 } = &self.spread;
        let verdict = match &self.verdict {
            Some((word, reason)) if reason.is_empty() => format!(" The goal: {word}."),
            Some((word, reason)) => format!(" The goal: {word} ({reason})."),
            None => String::new(),
        };
        if *samples == 0 {
            return format!("LCP: no visit has one.{verdict}");
        }
        let rated = self.rated.iter().map(|rated| format!("{} {}", rated.share, rated.name));
        let visits = count(*samples, "visit", "visits");
        format!("LCP of {visits}: p75 {p75}, p95 {p95}; {}.{verdict}", rated.collect::<Vec<_>>().join(", "))
    }

    /// Where the time went, in a sentence or two.
    fn time(&self) -> String {
        let parts = self.parts.iter().map(|part| format!("{} {}", part.name, part.mean));
        let vitals = self.vitals.iter().skip(1).map(|vital| format!("{} {}", vital.name, vital.p75));
        let vitals = format!("p75 of the others: {}.", vitals.collect::<Vec<_>>().join(", "));
        if self.parts.is_empty() {
            return vitals;
        }
        format!(
            "Where an LCP's time went, on average: {}. {} {vitals}",
            parts.collect::<Vec<_>>().join(", "),
            self.largest
        )
    }

    /// How the visits ended, and what went wrong, in a sentence.
    fn visits(&self) -> String {
        let all: u64 = self.ends.iter().map(|(_, n)| n).sum();
        let ends = self.ends.iter().map(|(what, n)| format!("{} {what}", number(*n)));
        format!(
            "{}: {}; {}.",
            count(all, "visit", "visits"),
            ends.collect::<Vec<_>>().join(", "),
            self.wrong.counts()
        )
    }
}

/// Who visited, with what.
fn setting(account: &BrowserAccount) -> String {
    let visitors = count(account.visitors, "visitor", "visitors");
    let means = match account.throttle {
        Throttle::None => "with this machine's network and processor".to_owned(),
        throttle => format!("with network and processor throttled to `{throttle}`"),
    };
    let said = format!("{visitors} at once, {}, {means}.", tame(&account.product, 60));
    if account.further == 0 {
        return said;
    }
    let (kept, all) = (account.visits.len() as u64, account.visits.len() as u64 + account.further);
    format!(
        "{said} Rows of the first {} of {} visits were kept; the figures here are of those, the goal is judged on all.",
        number(kept),
        number(all)
    )
}

fn ends(visits: &[Seen]) -> Vec<(String, u64)> {
    let ends = visits.iter().map(|seen| {
        let view = &seen.view;
        match (&view.ended, view.outcome()) {
            (Ended::NoPage(_), _) => 4,
            _ if view.refused().is_some() => 2,
            _ if view.another().is_some() => 3,
            (Ended::Capped, _) => 1,
            (Ended::Settled, Outcome::Lcp(_)) => 0,
            (Ended::Settled, Outcome::Missing(_)) => 5,
        }
    });
    let mut counts = [0; 6];
    ends.for_each(|end: usize| counts[end] += 1);
    let names = [
        "settled",
        &not_done(),
        "answered with an error",
        "led to another page",
        "without a page",
        "settled without an LCP",
    ];
    names.map(str::to_owned).into_iter().zip(counts).collect()
}

/// What is said of a visit that took [`CAP`].
pub(in crate::report) fn not_done() -> String {
    format!("not done within {} s", CAP.as_secs())
}

/// A time of a browser's.
fn time(ms: f64) -> Duration {
    Duration::from_nanos((ms * 1e6).max(0.0).round() as u64)
}

/// A time of a browser's in words.
fn said(ms: f64) -> String {
    duration(time(ms))
}

/// Text of a target's as it may be shown: at most so many characters, none of which controls what shows it.
fn tame(text: &str, most: usize) -> String {
    let mut short: String = one_line(text).chars().take(most + 1).collect();
    if short.chars().count() > most {
        short.pop();
        short.pop();
        short.push('…');
    }
    short
}

/// As [`tame`], leaving out the middle: a URL's end says more than what stands before it.
fn tame_middle(text: &str, most: usize) -> String {
    let text = tame(text, 4_000);
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text;
    }
    let head = most / 3;
    let tail = letters.len() - (most - head - 1);
    letters[..head].iter().chain(['…'].iter()).chain(&letters[tail..]).collect()
}
