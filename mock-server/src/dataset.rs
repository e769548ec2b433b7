//! A world as it was received: rows by kind, already checked.

use chrono::{DateTime, Utc};
use fixtures::{
    Content, Counts, Event, Header, Instructor, Member, Record, Rsvp, Session, Size, Subscription,
};

/// Rows by kind. Whoever makes one has checked that they fit together.
#[derive(Debug, Default)]
pub(crate) struct Dataset {
    /// What the first line said; none in a dataset without lines.
    header: Option<Header>,
    pub(crate) members: Vec<Member>,
    pub(crate) instructors: Vec<Instructor>,
    pub(crate) events: Vec<Event>,
    pub(crate) rsvps: Vec<Rsvp>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) contents: Vec<Content>,
    pub(crate) sessions: Vec<Session>,
}

impl Dataset {
    /// What the first line said, or would have said.
    pub(crate) fn header(&self) -> Header {
        self.header.unwrap_or_else(|| Header {
            format_version: fixtures::FORMAT_VERSION,
            seed: fixtures::DEFAULT_SEED,
            size: Size::default(),
            epoch: fixtures::epoch(),
        })
    }

    /// The world's launch day.
    pub(crate) fn epoch(&self) -> DateTime<Utc> {
        self.header().epoch
    }

    /// How many rows of each kind there are.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            member: self.members.len() as u64,
            instructor: self.instructors.len() as u64,
            event: self.events.len() as u64,
            rsvp: self.rsvps.len() as u64,
            subscription: self.subscriptions.len() as u64,
            content: self.contents.len() as u64,
            session: self.sessions.len() as u64,
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, record: Record) {
        match record {
            Record::World(header) => self.header = Some(header),
            Record::Member(row) => self.members.push(row),
            Record::Instructor(row) => self.instructors.push(row),
            Record::Event(row) => self.events.push(row),
            Record::Rsvp(row) => self.rsvps.push(row),
            Record::Subscription(row) => self.subscriptions.push(row),
            Record::Content(row) => self.contents.push(row),
            Record::Session(row) => self.sessions.push(row),
            Record::End { .. } => {}
        }
    }

    /// Its rows in the order that datasets have, between header and end.
    pub(crate) fn into_records(self, header: Header) -> impl Iterator<Item = Record> {
        let counts = self.counts();
        std::iter::once(Record::World(header))
            .chain(self.members.into_iter().map(Record::Member))
            .chain(self.instructors.into_iter().map(Record::Instructor))
            .chain(self.events.into_iter().map(Record::Event))
            .chain(self.rsvps.into_iter().map(Record::Rsvp))
            .chain(self.subscriptions.into_iter().map(Record::Subscription))
            .chain(self.contents.into_iter().map(Record::Content))
            .chain(self.sessions.into_iter().map(Record::Session))
            .chain(std::iter::once(Record::End { counts }))
    }
}

impl FromIterator<Record> for Dataset {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut dataset = Self::default();
        records.into_iter().for_each(|record| dataset.push(record));
        dataset
    }
}
