//! Figures as tables for other programs (RFC 4180): `metrics.csv` and `timeline.csv`.
//!
//! Both have a header, one row per line, times in milliseconds to the microsecond, and an empty field where there is
//! no value: of a percentile so many requests were never answered that it has none.

mod metrics;
mod timeline;

use std::time::Duration;

use engine::record::{Column, Phase};

pub(super) use metrics::{FILE as METRICS, render as metrics};
pub(super) use timeline::{FILE as TIMELINE, render as timeline};

/// Rows as CSV.
pub(super) fn document<R, F>(rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = F>,
    F: AsRef<[u8]>,
{
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("writing to memory cannot fail");
    }
    let bytes = writer.into_inner().expect("writing to memory cannot fail");
    String::from_utf8(bytes).expect("fields were strings")
}

/// Milliseconds to the microsecond; empty where there is no value.
pub(super) fn ms(time: Option<Duration>) -> String {
    time.map_or_else(String::new, |time| format!("{:.3}", time.as_secs_f64() * 1e3))
}

/// A column by a name that needs no quotes.
fn column_name(column: Column) -> &'static str {
    match column {
        Column::SinceDue => "since_due",
        Column::SinceSent => "since_sent",
        Column::Lateness => "lateness",
        Column::Phase(Phase::Blocked) => "blocked",
        Column::Phase(Phase::Connecting) => "connecting",
        Column::Phase(Phase::Tls) => "tls",
        Column::Phase(Phase::Sending) => "sending",
        Column::Phase(Phase::Waiting) => "waiting",
        Column::Phase(Phase::Receiving) => "receiving",
    }
}
