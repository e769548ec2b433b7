//! k6's points (`--out json`), kept as distributions per second: line by line. What is kept grows with seconds and
//! metrics, not with points.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    io::{BufRead, Read},
};

use chrono::DateTime;
use engine::{
    histogram::Encoder,
    run::{Cell, ShareSecond},
};
use serde::Deserialize;

use super::BaselineError;

/// The longest line: a point has a few hundred bytes.
const LONGEST_LINE: u64 = 1 << 20;
/// Values that wait for their second to be over, at most; then all are put into cells.
const MOST_OPEN: usize = 1 << 20;
/// Metrics, at most.
const MOST_METRICS: usize = 2_000;
/// How far from the first point another may be, seconds: a week.
const FARTHEST_S: i64 = 7 * 24 * 3_600;

/// Everything k6 measured, as it is kept of a run of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Time of day of second 0, milliseconds since 1970.
    pub started_unix_ms: i64,
    /// Times and shares by name, all tags together.
    pub metrics: BTreeMap<String, Measure>,
}

/// What was measured of one metric.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Times, a cell or more per second, ascending.
    Trend(Vec<Cell>),
    /// A share, second by second; good are the points that are not 0.
    Rate(Vec<ShareSecond>),
}

/// A line: what a metric is, or one point of it.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    what: What,
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
enum What {
    Metric,
    Point,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    value: Option<f64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Trend,
    Rate,
    Counter,
    Gauge,
}

/// Whether a file that begins with this line holds points.
pub(super) fn begins(line: &[u8]) -> bool {
    serde_json::from_slice::<Line<'_>>(line).is_ok()
}

pub(super) fn read(mut file: impl BufRead, named: &str) -> Result<Points, BaselineError> {
    let mut gathered = Gathered::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = file.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
        if read.map_err(|source| BaselineError::io(named, source))? == 0 {
            break;
        }
        let wrong = |message: String| BaselineError::form(named, number, message);
        if line.len() as u64 > LONGEST_LINE {
            return Err(wrong("longer than a point of k6's is".to_owned()));
        }
        if !line.trim_ascii().is_empty() {
            gathered.line(&line).map_err(wrong)?;
        }
    }
    gathered.points().map_err(|message| BaselineError::form(named, 1, message))
}

/// A metric while points of it come.
enum Growing {
    /// Values in nanoseconds by second, and the cells made of those before.
    Trend {
        open: BTreeMap<i64, Vec<u64>>,
        cells: Vec<Cell>,
    },
    Rate(BTreeMap<i64, (u64, u64)>),
    /// Nothing that is compared: a sum, a gauge, or a trend of what is less than nothing at times, and so no time.
    Ignored,
}

#[derive(Default)]
struct Gathered {
    metrics: HashMap<String, Growing>,
    /// Second 0, in seconds since 1970.
    began: Option<i64>,
    open: usize,
    encoder: Encoder,
}

impl Gathered {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let Line { what, metric, data } = serde_json::from_slice(line).map_err(|e| {
            format!(
                "{e}; expected {{\"type\":\"Point\",\"metric\":…,\"data\":{{\"time\":…,\"value\":…}}}} or a \
                 \"Metric\", as k6's --out json writes"
            )
        })?;
        match what {
            What::Metric => self.metric(metric, data.kind),
            What::Point => self.point(&metric, &data),
        }
    }

    fn metric(&mut self, name: Cow<'_, str>, kind: Option<Kind>) -> Result<(), String> {
        let kind = kind.ok_or("a metric without its type: expected trend, rate, counter or gauge")?;
        if self.metrics.len() >= MOST_METRICS && !self.metrics.contains_key(&*name) {
            return Err(format!("more than {MOST_METRICS} metrics"));
        }
        self.metrics.entry(name.into_owned()).or_insert_with(|| Growing::new(kind));
        Ok(())
    }

    fn point(&mut self, name: &str, data: &Data<'_>) -> Result<(), String> {
        let (Some(time), Some(value)) = (&data.time, data.value) else {
            return Err(format!("a point of `{name}` without its time or its value"));
        };
        let time = DateTime::parse_from_rfc3339(time)
            .map_err(|e| format!("`{time}` is no time ({e}): expected RFC 3339"))?;
        let began = *self.began.get_or_insert(time.timestamp());
        let second = time.timestamp() - began;
        if second.abs() > FARTHEST_S {
            return Err(format!("`{time}` is more than a week from the first point"));
        }
        let metric = self.metrics.get_mut(name).ok_or_else(|| {
            format!("a point of `{name}` before the line that says what that is: expected a \"Metric\" first")
        })?;
        self.open += metric.take(second, value);
        if self.open >= MOST_OPEN {
            self.cut();
        }
        Ok(())
    }

    /// Puts what waits into cells: a second whose points come later still has another one.
    fn cut(&mut self) {
        for metric in self.metrics.values_mut() {
            if let Growing::Trend { open, cells } = metric {
                let closed = std::mem::take(open).into_iter();
                cells.extend(closed.map(|(second, values)| self.encoder.cell(second, &values, 0, &[])));
            }
        }
        self.open = 0;
    }

    fn points(mut self) -> Result<Points, String> {
        self.cut();
        let began = self
            .began
            .ok_or("no points: expected lines with \"type\":\"Point\", as k6's --out json writes")?;
        let metrics = self.metrics.into_iter();
        let metrics = metrics.filter_map(|(name, metric)| Some((name, metric.measure()?))).collect();
        Ok(Points { started_unix_ms: began * 1_000, metrics })
    }
}

impl Growing {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Trend => Self::Trend { open: BTreeMap::new(), cells: Vec::new() },
            Kind::Rate => Self::Rate(BTreeMap::new()),
            Kind::Counter | Kind::Gauge => Self::Ignored,
        }
    }

    /// How many more values wait.
    fn take(&mut self, second: i64, value: f64) -> usize {
        match self {
            Self::Trend { .. } if value < 0.0 => *self = Self::Ignored,
            Self::Trend { open, .. } => {
                // What is longer than an hour is kept as an hour, as in a run of ours.
                open.entry(second).or_default().push((value * 1e6).round() as u64);
                return 1;
            }
            Self::Rate(seconds) => {
                let (good, bad) = seconds.entry(second).or_default();
                *if value == 0.0 { bad } else { good } += 1;
            }
            Self::Ignored => {}
        }
        0
    }

    /// `None` where no point came, or none that is kept.
    fn measure(self) -> Option<Measure> {
        match self {
            Self::Trend { mut cells, .. } => {
                cells.sort_by_key(|cell| cell.second);
                (!cells.is_empty()).then_some(Measure::Trend(cells))
            }
            Self::Rate(seconds) => {
                let second = |(second, (good, bad))| ShareSecond { second, good, bad };
                (!seconds.is_empty()).then(|| Measure::Rate(seconds.into_iter().map(second).collect()))
            }
            Self::Ignored => None,
        }
    }
}
