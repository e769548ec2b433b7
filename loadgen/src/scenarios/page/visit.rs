//! What visitor `n` does: a pure function of seed and number.

use std::{fmt, time::Duration};

use fixtures::Stream;

use super::{NAME, PAGE_LIMIT, SIGNED_IN_PERCENT};
use crate::scenarios::search::Log;

/// Page views of a visit, at least and at most.
const VIEWS: (u32, u32) = (5, 15);
/// Seconds between a page and the next, at least and at most.
const THINKS: (f64, f64) = (5.0, 10.0);
/// How long a visit lasts on average, answers apart: ten pages, seven and a half seconds each.
pub(super) const MEAN_SECONDS: f64 = 75.0;

/// A visit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Visit {
    /// The load user who signs in first, if anybody does.
    pub(super) member: Option<u32>,
    /// The pages, in order.
    pub(super) views: Vec<View>,
}

/// A page, and how long it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) page: Page,
    pub(super) think: Duration,
}

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    Events,
    Instructors,
    /// What is searched for.
    Search(String),
    /// Of those who are signed in.
    Dashboard,
}

impl Page {
    /// One of each.
    pub(super) fn each() -> [Self; 5] {
        [Self::Home, Self::Events, Self::Instructors, Self::Search("kata".to_owned()), Self::Dashboard]
    }

    /// A page of the mix.
    pub(super) fn draw(stream: &mut Stream, log: &Log) -> Self {
        match stream.weighted(&[30, 25, 20, 15, 10]) {
            0 => Self::Home,
            1 => Self::Events,
            2 => Self::Instructors,
            3 => Self::Search(log.words(stream).to_owned()),
            _ => Self::Dashboard,
        }
    }

    /// The page that such a visitor is shown: who is not signed in has no dashboard and goes home.
    pub(super) fn shown(self, signed_in: bool) -> Self {
        if self == Self::Dashboard && !signed_in { Self::Home } else { self }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => f.write_str("home"),
            Self::Events => f.write_str("events"),
            Self::Instructors => f.write_str("instructors"),
            Self::Search(words) => write!(f, "search {words:?}"),
            Self::Dashboard => f.write_str("dashboard"),
        }
    }
}

impl Visit {
    /// Three in ten sign in; an anonymous visitor who draws the dashboard goes home.
    pub(super) fn new(seed: u64, n: u64, load_users: u32, log: &Log) -> Self {
        let mut stream = Stream::new(seed, NAME, n);
        let member = (stream.below(100) < SIGNED_IN_PERCENT).then(|| stream.below(load_users));
        let (fewest, most) = VIEWS;
        let (shortest, longest) = THINKS;
        let views = (0..stream.between(fewest, most))
            .map(|_| {
                let page = Page::draw(&mut stream, log).shown(member.is_some());
                View { page, think: Duration::from_secs_f64(stream.within(shortest, longest)) }
            })
            .collect();
        Self { member, views }
    }

    /// How many pages are opened before `end` by one who comes at `at` when each takes [`PAGE_LIMIT`], and when
    /// the visitor has gone. Signing in takes a page's time as well. Seconds.
    pub(super) fn rehearse(&self, at: f64, end: f64) -> (usize, f64) {
        let page = PAGE_LIMIT.as_secs_f64();
        let mut now = if self.member.is_some() { at + page } else { at };
        for (seen, view) in self.views.iter().enumerate() {
            if now >= end {
                return (seen, now);
            }
            now += page;
            if seen + 1 < self.views.len() {
                now += view.think.as_secs_f64();
            }
        }
        (self.views.len(), now)
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member {
            Some(n) => write!(f, "user {n}")?,
            None => f.write_str("anonymous")?,
        }
        for View { page, think } in &self.views {
            write!(f, " {page} {}ms", think.as_millis())?;
        }
        Ok(())
    }
}
