//! Filters: for each value of each facet the set of documents that have it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::search::{ContentType, Filters};
use fixtures::Content;

use super::days;
use super::set::DocSet;

/// What documents can be filtered by, dates aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Facet {
    Style,
    Location,
    Instructor,
    Level,
    Rank,
    AgeGroup,
    Category,
}

/// A filter whose value cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadDate {
    /// The parameter's name.
    pub(crate) field: &'static str,
    pub(crate) value: String,
}

/// The sets of documents behind the filters.
#[derive(Debug)]
pub(crate) struct Facets {
    documents: usize,
    values: HashMap<(Facet, String), DocSet>,
    types: HashMap<ContentType, DocSet>,
    verified: DocSet,
    unverified: DocSet,
    /// When which document was published, oldest first.
    published: Vec<(DateTime<Utc>, u32)>,
}

impl Facets {
    /// The facets of these documents.
    pub(crate) fn new(documents: &[Content]) -> Self {
        let none = DocSet::none(documents.len());
        let mut facets = Self {
            documents: documents.len(),
            values: HashMap::new(),
            types: HashMap::new(),
            verified: none.clone(),
            unverified: none,
            published: (0..).zip(documents).map(|(doc, row)| (row.published_at, doc)).collect(),
        };
        facets.published.sort_unstable();
        for (doc, row) in (0..).zip(documents) {
            facets.add(doc, row);
        }
        facets
    }

    fn add(&mut self, doc: u32, row: &Content) {
        let given = [
            (Facet::Style, &row.style),
            (Facet::Location, &row.location),
            (Facet::Instructor, &row.instructor),
            (Facet::Instructor, &row.instructor_id),
            (Facet::Level, &row.level),
            (Facet::Rank, &row.rank),
            (Facet::AgeGroup, &row.age_group),
            (Facet::Category, &row.category),
        ];
        let none = || DocSet::none(self.documents);
        for (facet, value) in given {
            let Some(value) = value else { continue };
            self.values.entry((facet, spelled(value))).or_insert_with(none).insert(doc);
        }
        self.types.entry(row.content_type).or_insert_with(none).insert(doc);
        if row.verified { self.verified.insert(doc) } else { self.unverified.insert(doc) }
    }

    /// The documents that satisfy every filter given; none when no filter is given.
    pub(crate) fn select(&self, filters: &Filters) -> Result<Option<DocSet>, BadDate> {
        let mut selected: Option<DocSet> = None;
        let mut keep = |set: Option<&DocSet>| {
            let empty;
            let set = if let Some(set) = set {
                set
            } else {
                empty = DocSet::none(self.documents);
                &empty
            };
            match &mut selected {
                Some(selected) => selected.intersect(set),
                None => selected = Some(set.clone()),
            }
        };
        let asked = [
            (Facet::Style, &filters.style),
            (Facet::Location, &filters.location),
            (Facet::Instructor, &filters.instructor),
            (Facet::Level, &filters.level),
            (Facet::Rank, &filters.rank),
            (Facet::AgeGroup, &filters.age_group),
            (Facet::Category, &filters.category),
        ];
        for (facet, value) in asked {
            if let Some(value) = value {
                keep(self.values.get(&(facet, spelled(value))));
            }
        }
        if let Some(content_type) = filters.content_type {
            keep(self.types.get(&content_type));
        }
        if let Some(verified) = filters.verified {
            keep(Some(if verified { &self.verified } else { &self.unverified }));
        }
        if filters.date_from.is_some() || filters.date_to.is_some() {
            let from = bound("date_from", filters.date_from.as_deref(), days::from)?;
            let until = bound("date_to", filters.date_to.as_deref(), days::until)?;
            keep(Some(&self.published(from, until)));
        }
        Ok(selected)
    }

    fn published(&self, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> DocSet {
        let place = |at: DateTime<Utc>| self.published.partition_point(|(published, _)| *published < at);
        let first = from.map_or(0, place);
        let end = until.map_or(self.published.len(), place);
        let mut set = DocSet::none(self.documents);
        for (_, doc) in self.published.get(first..end).unwrap_or_default() {
            set.insert(*doc);
        }
        set
    }
}

/// Values are compared without regard to case, `age group` and `age_group` alike.
fn spelled(value: &str) -> String {
    value.trim().to_lowercase().replace('_', " ")
}

fn bound(
    field: &'static str,
    value: Option<&str>,
    read: fn(&str) -> Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, BadDate> {
    match value {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| BadDate { field, value: text.to_owned() }),
    }
}
