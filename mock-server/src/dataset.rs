//! A world as it was received: rows by kind, already checked.

use chrono::{DateTime, Utc};
use fixtures::{Content, Event, Instructor, Member, Record, Rsvp, Session, Subscription};

/// Rows by kind. Whoever makes one has checked that they fit together.
#[derive(Debug, Default)]
pub(crate) struct Dataset {
    pub(crate) epoch: Option<DateTime<Utc>>,
    pub(crate) members: Vec<Member>,
    pub(crate) instructors: Vec<Instructor>,
    pub(crate) events: Vec<Event>,
    pub(crate) rsvps: Vec<Rsvp>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) contents: Vec<Content>,
    pub(crate) sessions: Vec<Session>,
}

impl Dataset {
    /// The world's launch day.
    pub(crate) fn epoch(&self) -> DateTime<Utc> {
        self.epoch.unwrap_or_else(fixtures::epoch)
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, record: Record) {
        match record {
            Record::World(header) => self.epoch = Some(header.epoch),
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
}

impl FromIterator<Record> for Dataset {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut dataset = Self::default();
        records.into_iter().for_each(|record| dataset.push(record));
        dataset
    }
}
