//! What real browsers saw, as it is kept: rows, films of the slowest, the canary, what went wrong. Pure.

use std::time::Duration;

use crate::{
    browser::{Company, canary},
    run::{BrowserAccount, Canary, Film, Outcome, Seen},
};

/// One in so many looks at pages may be lost through the browser's own fault.
const MOST_LOST: u64 = 20;
/// Troubles that are kept in words.
const TROUBLES_KEPT: usize = 10;

/// The account, as it grows.
#[derive(Debug)]
pub(super) struct Account {
    kept: BrowserAccount,
    /// How long the LCP of each filmed visit took, in the films' order.
    slowest: Vec<Duration>,
    /// Visits that were kept from what their page is made of, and a host of the first.
    withheld: Option<(u64, String)>,
}

impl Account {
    /// Nothing seen yet.
    pub(super) fn new(company: &Company) -> Self {
        let kept = BrowserAccount {
            product: String::new(),
            visitors: company.visitors,
            throttle: company.throttle,
            visits: Vec::new(),
            further: 0,
            films: Vec::new(),
            canary: Canary { held_ms: canary::held_ms(), ..Canary::default() },
            lost: 0,
            troubles: Vec::new(),
        };
        Self { kept, slowest: Vec::new(), withheld: None }
    }

    /// The browser is there, and says what it is; its canary took this long before anybody came.
    pub(super) fn started(&mut self, product: &str, idle_ms: Vec<f64>) {
        product.clone_into(&mut self.kept.product);
        self.kept.canary.idle_ms = idle_ms;
    }

    /// What a visit's LCP must outlast to be among the slowest so far.
    pub(super) fn film_later_than(&self) -> Duration {
        self.slowest.get(BrowserAccount::FILMS_KEPT - 1).copied().unwrap_or_default()
    }

    /// Another visit has ended. Its film is kept while it is among the slowest; of equals, the first that was seen.
    pub(super) fn add(&mut self, seen: Seen, film: Film) {
        if let Outcome::Lcp(took) = seen.view.outcome() {
            let place = self.slowest.partition_point(|slower| *slower >= took);
            if place < BrowserAccount::FILMS_KEPT {
                self.slowest.insert(place, took);
                self.kept.films.insert(place, (seen.number, film));
                self.slowest.truncate(BrowserAccount::FILMS_KEPT);
                self.kept.films.truncate(BrowserAccount::FILMS_KEPT);
            }
        }
        // What an error's page or another one lacks is no matter: it counts against the target as it is.
        if let Some(host) = seen.view.withheld.first().filter(|_| seen.view.not_theirs().is_none()) {
            self.withheld.get_or_insert_with(|| (0, host.clone())).0 += 1;
        }
        if self.kept.visits.len() < BrowserAccount::VISITS_KEPT {
            self.kept.visits.push(seen);
        } else {
            self.kept.further += 1;
        }
    }

    /// The canary has ended.
    pub(super) fn add_canary(&mut self, took_ms: f64) {
        self.kept.canary.meanwhile_ms.push(took_ms);
    }

    /// A look at a page came to nothing through the browser's own fault.
    pub(super) fn lose(&mut self, trouble: String) {
        self.kept.lost += 1;
        self.note(trouble);
    }

    /// The canary came to nothing, which is the browser's own fault whatever it was.
    pub(super) fn lose_canary(&mut self, trouble: String) {
        self.kept.canary.lost += 1;
        self.note(trouble);
    }

    fn note(&mut self, trouble: String) {
        if self.kept.troubles.len() < TROUBLES_KEPT {
            self.kept.troubles.push(trouble);
        }
    }

    /// Why what the browsers saw says nothing of the target, if it does not.
    pub(super) fn flaw(&self) -> Option<String> {
        let BrowserAccount { canary, lost, .. } = &self.kept;
        if let Some((visits, host)) = &self.withheld {
            return Some(format!(
                "in {visits} of {} visits the browser was kept from a part of the page, by this generator's own rule that \
                 no host but the target's is asked: an image, a video, a style sheet, a script, a font or a document of {host}. Let \
                 it ask there with `--browser-host {host}`",
                self.looks()
            ));
        }
        if canary.idle_ms.is_empty() {
            return Some(
                "the canary was not seen before the crowd came: starved browsers would not be noticed".into(),
            );
        }
        if canary.lost > canary.meanwhile_ms.len() as u64 {
            return Some(format!("{}: starved browsers would not be noticed", self.lost_canaries()));
        }
        if *lost * MOST_LOST > self.looks() {
            return Some(self.lost_looks());
        }
        canary.starved()
    }

    /// What whoever reads it must know beside the figures.
    pub(super) fn notes(&self) -> Vec<String> {
        let BrowserAccount { canary, lost, .. } = &self.kept;
        let mut notes = Vec::new();
        if canary.meanwhile_ms.is_empty() && canary.lost == 0 {
            notes.push(
                "It was over before the canary was opened once: whether the browsers were starved is not known.".into(),
            );
        }
        if canary.lost > 0 {
            notes.push(format!("Beside the crowd, {}.", self.lost_canaries()));
        }
        if *lost > 0 {
            notes.push(format!("Beside the crowd, {}.", self.lost_looks()));
        }
        notes
    }

    fn lost_canaries(&self) -> String {
        let Canary { meanwhile_ms, lost, .. } = &self.kept.canary;
        format!("{lost} of {} canary visits came to nothing", lost + meanwhile_ms.len() as u64)
    }

    fn lost_looks(&self) -> String {
        let first = self.kept.troubles.first().map_or("", String::as_str);
        format!(
            "{} of {} visits came to nothing through the browser's own fault (the first trouble: {first})",
            self.kept.lost,
            self.looks()
        )
    }

    /// All looks at pages, those that were lost included.
    fn looks(&self) -> u64 {
        let BrowserAccount { visits, further, lost, .. } = &self.kept;
        visits.len() as u64 + further + lost
    }

    /// As far as it has come.
    pub(super) fn report(&self) -> BrowserAccount {
        self.kept.clone()
    }
}

#[cfg(test)]
mod tests;
