//! k6's figures at the end of a test, in both forms it has for them.

use std::{collections::BTreeMap, io::Read, time::Duration};

use serde_json::{Map, Value};

use super::BaselineError;

/// The longest document that is read: k6's have a few hundred kilobytes.
const LONGEST: u64 = 64 << 20;

/// What k6 says of a test when it is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// How long the test took, where that is said.
    pub duration: Option<Duration>,
    /// Metrics by name, those with tags (`http_req_duration{expected_response:true}`) among them.
    pub metrics: BTreeMap<String, Figure>,
}

/// The forms k6 has for its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `--summary-export`: the figures of a metric are its fields.
    Export,
    /// What `handleSummary` is given: they are in its `values`.
    Summary,
}

/// The figures of one metric. Times are milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// Values: times, if the metric is one of k6's own.
    Trend {
        /// How many; k6 says it only where `summaryTrendStats` asks for it.
        count: Option<u64>,
        /// Percentiles that are known: 95.0 and its value, ascending. The median is 50.0.
        percentiles: Vec<(f64, f64)>,
    },
    /// A share of something.
    Rate {
        /// Those that count.
        passes: Option<u64>,
        /// Those that do not.
        fails: Option<u64>,
    },
    /// A sum, or a value that goes up and down.
    Other,
}

pub(super) fn read(file: impl Read, named: &str) -> Result<Figures, BaselineError> {
    let mut text = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut text);
    read.map_err(|source| BaselineError::io(named, source))?;
    if text.len() as u64 > LONGEST {
        let message = format!("longer than {} MiB: k6's summaries are not", LONGEST >> 20);
        return Err(BaselineError::form(named, 1, message));
    }
    let document: Value = serde_json::from_slice(&text).map_err(|e| {
        BaselineError::form(named, e.line() as u64, format!("{e}; expected JSON that k6 wrote"))
    })?;
    // What follows knows what is wrong, not where: it is about the document.
    figures(&document).map_err(|message| BaselineError::form(named, 1, message))
}

fn figures(document: &Value) -> Result<Figures, String> {
    if document.get("metrics").is_none()
        && document.get("meta").is_some()
        && document.get("scenarios").is_some()
    {
        return Err("a run of loadgen's: name its folder, or call the file run.json".to_owned());
    }
    let metrics = document.get("metrics").and_then(Value::as_object).ok_or(
        "no `metrics`: expected k6's summary (--summary-export, handleSummary's data) or its points (--out json)",
    )?;
    let form = match metrics.values().next() {
        None => return Err("`metrics` is empty: there is nothing to compare with".to_owned()),
        Some(metric) if metric.get("values").is_some() => Form::Summary,
        Some(_) => Form::Export,
    };
    let of = |(name, metric): (&String, &Value)| {
        let figure = figure(metric, form).ok_or_else(|| format!("metrics.{name}: {}", expected(form)))?;
        Ok((name.clone(), figure))
    };
    let duration = document.pointer("/state/testRunDurationMs").and_then(Value::as_f64);
    Ok(Figures {
        duration: duration.and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok()),
        metrics: metrics.iter().map(of).collect::<Result<_, String>>()?,
    })
}

fn expected(form: Form) -> &'static str {
    match form {
        Form::Export => {
            "expected numbers by name: `avg`, `p(95)`, … of a trend, `value` and `passes` of a rate, `count` and \
             `rate` of a counter, `value` of a gauge"
        }
        Form::Summary => {
            "expected `type` (trend, rate, counter or gauge) and `values` with the numbers of that type"
        }
    }
}

fn figure(metric: &Value, form: Form) -> Option<Figure> {
    match form {
        Form::Summary => {
            let values = metric.get("values")?.as_object()?;
            match metric.get("type")?.as_str()? {
                "trend" => trend(values),
                "rate" => rate(values, "rate"),
                "counter" => other(values, "count"),
                "gauge" => other(values, "value"),
                _ => None,
            }
        }
        // A rate's `passes` and a counter's `count` beside `rate` tell them from a gauge, which has `value`, too.
        Form::Export => {
            let values = metric.as_object()?;
            let has = |key: &str| values.contains_key(key);
            match () {
                () if has("passes") || has("fails") => rate(values, "value"),
                () if has("count") && !has("avg") && !has("med") => other(values, "count"),
                () if has("value") => other(values, "value"),
                () => trend(values),
            }
        }
    }
}

fn trend(values: &Map<String, Value>) -> Option<Figure> {
    let at = |key: &str| values.get(key).and_then(Value::as_f64);
    let median = at("med").map(|value| (50.0, value));
    let named = values.iter().filter_map(|(key, value)| Some((percent(key)?, value.as_f64()?)));
    let mut percentiles: Vec<(f64, f64)> = median.into_iter().chain(named).collect();
    percentiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    percentiles.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let known = ["avg", "min", "max"].into_iter().any(|key| at(key).is_some()) || !percentiles.is_empty();
    known.then(|| Figure::Trend { count: whole(values, "count"), percentiles })
}

/// 95.0 of `p(95)`.
fn percent(key: &str) -> Option<f64> {
    let percent: f64 = key.strip_prefix("p(")?.strip_suffix(')')?.parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent)
}

fn rate(values: &Map<String, Value>, key: &str) -> Option<Figure> {
    values.get(key)?.as_f64()?;
    Some(Figure::Rate { passes: whole(values, "passes"), fails: whole(values, "fails") })
}

/// What is not compared; it must have its number all the same, or the document is none of k6's.
fn other(values: &Map<String, Value>, key: &str) -> Option<Figure> {
    values.get(key)?.as_f64().map(|_| Figure::Other)
}

/// A count; k6 may write `100.0`, as JavaScript knows no other numbers.
fn whole(values: &Map<String, Value>, key: &str) -> Option<u64> {
    let value = values.get(key)?.as_f64()?;
    (value >= 0.0 && value.fract() == 0.0 && value < 9e15).then_some(value as u64)
}
