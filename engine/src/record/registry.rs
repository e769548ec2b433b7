//! The series of a scenario, declared in its plan and referred to by small ids.

use serde::{Deserialize, Serialize};

/// A timing series: an endpoint, a group of requests, or plain durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimingId(pub(crate) u16);

/// A share: how many of a number of things were good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShareId(pub(crate) u16);

/// A counter, with evidence where it counts offences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CounterId(pub(crate) u16);

macro_rules! index {
    ($($id:ident),*) => {$(
        impl $id {
            /// Its place in the run's list.
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}
index!(TimingId, ShareId, CounterId);

/// What a timing series stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Requests to one endpoint. Every request belongs to exactly one of these, so their sum is the
    /// number of requests.
    Endpoint,
    /// Requests, or sequences of them, seen from another side: "semantic search", "all".
    Group,
    /// Durations that are no requests of their own: a chat message on its way, a session's length.
    Value,
}

/// The parts of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waiting for a connection to be free.
    Blocked,
    /// Making a TCP connection.
    Connecting,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Sending,
    /// From sent to the first byte of the answer.
    Waiting,
    /// From the first byte to the last.
    Receiving,
}

/// What is measured of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// From when it was due to when it was done: what somebody waiting for it would have felt.
    /// Also where [`Recorder::value`](crate::record::Recorder::value) goes.
    SinceDue,
    /// From when it was sent to when it was done: what the target took.
    SinceSent,
    /// The generator's own delay: see [`Due`](crate::driver::Due).
    Lateness,
    /// A part of it.
    Phase(Phase),
}

impl Column {
    /// Every column, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::SinceDue,
        Self::SinceSent,
        Self::Lateness,
        Self::Phase(Phase::Blocked),
        Self::Phase(Phase::Connecting),
        Self::Phase(Phase::Tls),
        Self::Phase(Phase::Sending),
        Self::Phase(Phase::Waiting),
        Self::Phase(Phase::Receiving),
    ];

    /// Its place in [`Self::ALL`].
    pub(crate) fn place(self) -> usize {
        match self {
            Self::SinceDue => 0,
            Self::SinceSent => 1,
            Self::Lateness => 2,
            Self::Phase(phase) => 3 + phase as usize,
        }
    }

    /// True for what a user of the target feels; phase goals and the generator's own lateness are
    /// not, and do not set how exact the generator has to be.
    pub fn is_response_time(self) -> bool {
        matches!(self, Self::SinceDue | Self::SinceSent)
    }
}

/// The series of one scenario. Declaring a name again gives the id it already has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    pub(crate) timings: Vec<(String, Role)>,
    pub(crate) shares: Vec<String>,
    pub(crate) counters: Vec<String>,
}

impl Registry {
    /// No series yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests to one endpoint, under its one name.
    pub fn endpoint(&mut self, name: impl Into<String>) -> TimingId {
        self.timing(name.into(), Role::Endpoint)
    }

    /// A further view on requests.
    pub fn group(&mut self, name: impl Into<String>) -> TimingId {
        self.timing(name.into(), Role::Group)
    }

    /// Durations that are no requests.
    pub fn value(&mut self, name: impl Into<String>) -> TimingId {
        self.timing(name.into(), Role::Value)
    }

    fn timing(&mut self, name: String, role: Role) -> TimingId {
        TimingId(place(&mut self.timings, (name, role)))
    }

    /// A share of good ones among some.
    pub fn share(&mut self, name: impl Into<String>) -> ShareId {
        ShareId(place(&mut self.shares, name.into()))
    }

    /// A counter.
    pub fn counter(&mut self, name: impl Into<String>) -> CounterId {
        CounterId(place(&mut self.counters, name.into()))
    }

    /// The endpoint, group or value of this name, if it was declared.
    pub fn find_timing(&self, name: &str) -> Option<TimingId> {
        self.timings
            .iter()
            .position(|(known, _)| known == name)
            .and_then(|i| u16::try_from(i).ok())
            .map(TimingId)
    }

    /// The name of a timing series.
    pub fn timing_name(&self, id: TimingId) -> &str {
        &self.timings[id.index()].0
    }
}

fn place<T: PartialEq>(known: &mut Vec<T>, new: T) -> u16 {
    let place = known.iter().position(|item| *item == new).unwrap_or_else(|| {
        known.push(new);
        known.len() - 1
    });
    u16::try_from(place).expect("a plan is written by hand: nobody declares 65 536 series")
}
