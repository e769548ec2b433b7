//! LCP of visits that have something in common.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use contract::pages;

use super::{
    figures::{Spread, sample},
    tame, tame_middle,
};
use crate::{browser::Device, run::Seen, words::number};

/// LCP of the visits that have something in common.
pub(in crate::report) struct Group {
    /// What they have in common: `page`, `device`, `cache`.
    pub(in crate::report) by: &'static str,
    pub(in crate::report) name: String,
    pub(in crate::report) spread: Spread,
    /// What the largest content was most often, and how often: text of the target's.
    pub(in crate::report) largest: String,
}

/// What a visit is grouped by: what that is called, and its name for the visit.
type Trait = (&'static str, fn(&Seen) -> &str);

const TRAITS: [Trait; 3] = [
    ("page", |seen| &seen.page),
    ("device", |seen| device(seen.device)),
    ("cache", |seen| cache(seen.returning)),
];

/// The pages in the order visitors know them; others follow.
const ORDER: [&str; 5] = [pages::HOME, pages::EVENTS, pages::INSTRUCTORS, pages::SEARCH, pages::DASHBOARD];

pub(super) fn device(device: Device) -> &'static str {
    match device {
        Device::Phone => "phone",
        Device::Desktop => "desktop",
    }
}

pub(super) fn cache(returning: bool) -> &'static str {
    if returning { "returning" } else { "cold" }
}

pub(super) fn groups(visits: &[Seen]) -> Vec<Group> {
    TRAITS.iter().flat_map(|by| by_trait(visits, *by)).collect()
}

fn by_trait(visits: &[Seen], (by, name_of): Trait) -> Vec<Group> {
    let mut names: Vec<&str> = visits.iter().map(name_of).collect::<BTreeSet<_>>().into_iter().collect();
    let place = |name: &str| ORDER.iter().position(|page| pages::name(page) == name).unwrap_or(ORDER.len());
    names.sort_by_key(|name| place(name));
    let group = |name: &str| {
        let of = || visits.iter().filter(|seen| name_of(seen) == name);
        Group { by, name: tame(name, 40), spread: Spread::of(of()), largest: most_often(of()) }
    };
    names.into_iter().map(group).collect()
}

/// What the largest content was most often, and how often: `img.hero, /static/images/hero.png (28 of 30)`.
fn most_often<'s>(visits: impl Iterator<Item = &'s Seen>) -> String {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let pages = visits.map(|seen| &seen.view).filter(|view| sample(view).is_some());
    for lcp in pages.filter_map(|view| view.lcp.as_ref()) {
        *counts.entry((&lcp.element, lcp.url.as_deref().unwrap_or_default())).or_default() += 1;
    }
    let all = counts.values().sum();
    // Of those that are as frequent, the first in the alphabet.
    let most = counts.into_iter().min_by_key(|(_, n)| Reverse(*n));
    most.map_or_else(
        || "–".to_owned(),
        |((element, url), n)| format!("{} ({} of {})", content(element, url), number(n), number(all)),
    )
}

/// What was the largest content.
pub(super) fn content(element: &str, url: &str) -> String {
    let element = if element.is_empty() { "what had left the page".to_owned() } else { tame(element, 40) };
    if url.is_empty() { element } else { format!("{element}, {}", tame_middle(url, 60)) }
}
