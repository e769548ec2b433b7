//! When an answer to a search is right.

use std::collections::HashMap;

use chrono::NaiveDate;
use contract::search::{ContentType, Filters, SearchPage, SearchResult};
use engine::record::Fault;
use fixtures::{Query, World};

use crate::call::ensure;

/// A known answer is among this many first results.
const FIRST: usize = 10;

/// What the world says of an item and a result does not.
#[derive(Debug, Default)]
struct Hidden {
    /// Name and id.
    instructor: [Option<String>; 2],
    rank: Option<String>,
    age_group: Option<String>,
    category: Option<String>,
    verified: bool,
}

/// The world's items by id, as far as results do not speak for themselves.
#[derive(Debug)]
pub(super) struct Facts(HashMap<String, Hidden>);

impl Facts {
    /// Everything search may find: content, and events and instructors by their own ids.
    pub(super) fn of(world: &World) -> Self {
        let items = world.contents().map(|item| {
            let hidden = Hidden {
                instructor: [item.instructor, item.instructor_id],
                rank: item.rank,
                age_group: item.age_group,
                category: item.category,
                verified: item.verified,
            };
            (item.id, hidden)
        });
        let events = world.events().map(|event| {
            (
                event.id,
                Hidden { instructor: [event.instructor_name, event.instructor_id], ..Hidden::default() },
            )
        });
        let instructors = world.instructors().map(|person| {
            let name = format!("{} {}", person.first_name, person.last_name);
            let rank = Some("black".to_owned());
            (
                person.id.clone(),
                Hidden { instructor: [Some(name), Some(person.id)], rank, ..Hidden::default() },
            )
        });
        Self(items.chain(events).chain(instructors).collect())
    }
}

/// Every result satisfies the filters.
pub(super) fn filtered(page: &SearchPage, query: &Query, facts: &Facts) -> Result<(), Fault> {
    let broken =
        page.results.iter().find_map(|result| Some((result, broken_filter(result, &query.filters, facts)?)));
    ensure(broken.is_none(), "results satisfy the filters", || {
        broken.map_or_else(String::new, |(result, filter)| {
            format!("{:?}: {} {:?} breaks `{filter}`", query.text, result.id, result.title)
        })
    })
}

/// Results by meaning are in order.
pub(super) fn ranked(page: &SearchPage, query: &Query) -> Result<(), Fault> {
    let scores = || page.results.iter().map(|result| result.relevance_score);
    let in_order = !query.semantic() || scores().is_sorted_by(|a, b| a >= b);
    ensure(in_order, "relevance descends", || format!("{:?}: {:?}", query.text, scores().collect::<Vec<_>>()))
}

/// Known answers are there.
pub(super) fn known(page: &SearchPage, query: &Query) -> Result<(), Fault> {
    let missing =
        query.expected.iter().find(|id| !page.results.iter().take(FIRST).any(|result| result.id == **id));
    ensure(missing.is_none(), "known answer in the first ten", || {
        format!("{:?}: {} is missing", query.text, missing.map_or("", String::as_str))
    })
}

/// The first filter that a result does not satisfy. What the result shows of itself counts; for the rest the
/// world is asked, and an item that it does not have satisfies nothing that only it could tell.
fn broken_filter(result: &SearchResult, filters: &Filters, facts: &Facts) -> Option<&'static str> {
    let hidden = facts.0.get(&result.id);
    let of = |told: fn(&Hidden) -> &Option<String>| hidden.and_then(|hidden| told(hidden).as_deref());
    let taught = |name: &str| {
        hidden.is_some_and(|hidden| hidden.instructor.iter().any(|known| same(known.as_deref(), name)))
    };
    let day = result.published_at.map(|at| at.date_naive());
    let checks = [
        ("style", filters.style.as_deref().is_none_or(|asked| same(result.style.as_deref(), asked))),
        ("location", filters.location.as_deref().is_none_or(|asked| same(result.location.as_deref(), asked))),
        ("level", filters.level.as_deref().is_none_or(|asked| same(result.level.as_deref(), asked))),
        ("type", filters.content_type.is_none_or(|asked: ContentType| result.content_type == asked)),
        ("instructor", filters.instructor.as_deref().is_none_or(taught)),
        ("rank", filters.rank.as_deref().is_none_or(|asked| same(of(|known| &known.rank), asked))),
        (
            "age_group",
            filters.age_group.as_deref().is_none_or(|asked| same(of(|known| &known.age_group), asked)),
        ),
        (
            "category",
            filters.category.as_deref().is_none_or(|asked| same(of(|known| &known.category), asked)),
        ),
        (
            "verified",
            filters.verified.is_none_or(|asked| hidden.is_some_and(|known| known.verified == asked)),
        ),
        (
            "date_from",
            filters
                .date_from
                .as_deref()
                .is_none_or(|asked| day.is_some_and(|day| date(asked).is_none_or(|from| day >= from))),
        ),
        (
            "date_to",
            filters
                .date_to
                .as_deref()
                .is_none_or(|asked| day.is_some_and(|day| date(asked).is_none_or(|to| day <= to))),
        ),
    ];
    checks.into_iter().find(|(_, holds)| !holds).map(|(name, _)| name)
}

/// Values are compared without regard to case.
fn same(value: Option<&str>, asked: &str) -> bool {
    value.is_some_and(|value| value.to_lowercase() == asked.to_lowercase())
}

/// A day, as the query log writes it.
fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}
