//! Families of metrics as data, before anybody writes them in a format.

use engine::record::Spread;

/// Metrics of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Its name; a counter's without the `_total` that formats add.
    pub name: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// What it says, for people.
    pub help: &'static str,
    /// One per set of labels.
    pub members: Vec<Member>,
}

/// What a family counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something that only grows.
    Counter,
    /// How something stands now.
    Gauge,
    /// How values lie.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// What tells it from the others of its family.
    pub labels: Vec<(&'static str, String)>,
    /// How it stands.
    pub value: Value,
}

/// How a metric stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A counter or a gauge.
    Number(f64),
    /// A histogram of seconds.
    Spread(Spread),
}

impl Family {
    /// A family of these members.
    pub fn of(
        name: &'static str,
        kind: Kind,
        help: &'static str,
        members: impl IntoIterator<Item = Member>,
    ) -> Self {
        Self { name, kind, help, members: members.into_iter().collect() }
    }
}

impl Member {
    /// A number with these labels.
    pub fn number(labels: Vec<(&'static str, String)>, value: f64) -> Self {
        Self { labels, value: Value::Number(value) }
    }

    /// A number that is there once.
    pub fn bare(value: f64) -> Self {
        Self::number(Vec::new(), value)
    }

    /// A histogram with these labels.
    pub fn spread(labels: Vec<(&'static str, String)>, spread: Spread) -> Self {
        Self { labels, value: Value::Spread(spread) }
    }
}
