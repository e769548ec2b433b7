//! A Prometheus: it has read for itself, so it is asked once, at the end, for all of the run.

mod usual;

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Client, Url};
use serde::{Deserialize, de::DeserializeOwned};

pub use self::usual::{BadQuery, Query};
use super::{
    address::Page,
    clock::{Moment, Offset},
    fetch,
    series::{Shelf, titled},
    source::{Notes, Reader},
};
use crate::run::Source;

/// How often it is asked what time it has, which shows that it is there.
pub(super) const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Points asked for of one series; Prometheus gives 11 000 at most.
const MOST_POINTS: f64 = 7_199.0;
/// Series taken of one query.
const MOST_SERIES: usize = 50;
const MOST_BYTES: usize = 16 << 20;

/// The reader of one Prometheus.
pub(super) struct Prometheus {
    page: Page,
    client: Client,
    queries: Vec<Query>,
    every: Duration,
    began: Option<Moment>,
    offset: Offset,
    shelf: Shelf,
    step: Option<Duration>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Debug, Deserialize)]
struct Data {
    result: serde_json::Value,
}

/// The time and a value.
type Scalar = (f64, String);

/// One series.
#[derive(Debug, Deserialize)]
struct Range {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

impl Prometheus {
    pub(super) fn new(page: Page, queries: Vec<Query>, client: Client, every: Duration) -> Self {
        Self {
            page,
            client,
            queries,
            every,
            began: None,
            offset: Offset::default(),
            shelf: Shelf::default(),
            step: None,
        }
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, pairs: &[(&str, String)]) -> Result<T, String> {
        let mut url: Url = self.page.at(path);
        url.query_pairs_mut().extend_pairs(pairs);
        let text = fetch::text(self.client.get(url), MOST_BYTES).await?;
        read(&text)
    }

    async fn range(&mut self, query: &Query, began: f64, ended: f64, step: f64) -> Result<(), String> {
        let pairs = [
            ("query", query.promql.clone()),
            ("start", format!("{began:.3}")),
            ("end", format!("{ended:.3}")),
            ("step", format!("{step:.3}")),
        ];
        let series: Vec<Range> = self.ask("/api/v1/query_range", &pairs).await?;
        self.take(query, &series);
        Ok(())
    }

    /// Its times are its own; they become the generator's.
    fn take(&mut self, query: &Query, series: &[Range]) {
        let ahead = self.offset.ahead_ms().unwrap_or_default();
        for range in series.iter().take(MOST_SERIES) {
            let name = titled(&query.name, range.metric.iter());
            for (at, value) in &range.values {
                let Ok(value) = value.parse::<f64>() else { continue };
                let at = (at * 1e3 - ahead).max(0.0) as u64;
                self.shelf.gauge(at, &name, query.figure, value, query.capacity);
            }
        }
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let answer: Answer = serde_json::from_str(text)
        .map_err(|_| "it answers with something that is no Prometheus'".to_owned())?;
    let Some(data) = answer.data.filter(|_| answer.status == "success") else {
        return Err(answer.error.unwrap_or_else(|| format!("it says {}", answer.status)));
    };
    serde_json::from_value(data.result)
        .map_err(|_| "its answer is of another kind than was asked for".to_owned())
}

impl Reader for Prometheus {
    async fn read(&mut self, _: &mut Notes) -> Result<(), String> {
        let asked = Moment::now();
        let (at, _): Scalar = self.ask("/api/v1/query", &[("query", "time()".to_owned())]).await?;
        self.offset.heard(&asked, &Moment::now(), at * 1e3);
        self.began.get_or_insert(asked);
        Ok(())
    }

    async fn close(&mut self, notes: &mut Notes) {
        let Some(began) = self.began else { return };
        let ahead = self.offset.ahead_ms().unwrap_or_default();
        let (began, ended) = ((began.unix_ms() + ahead) / 1e3, (Moment::now().unix_ms() + ahead) / 1e3);
        let step = ((ended - began) / MOST_POINTS).max(self.every.as_secs_f64());
        self.step = Some(Duration::from_secs_f64(step));
        // Whole steps back from the end: what was scraped last is among the points.
        let began = ended - ((ended - began) / step).floor().max(0.0) * step;
        for query in std::mem::take(&mut self.queries) {
            if let Err(why) = self.range(&query, began, ended, step).await {
                notes.say(format!("`{}` was not answered: {why}", query.name));
            }
        }
    }

    fn fill(self, source: &mut Source) {
        source.clock_ahead_ms = self.offset.ahead_ms();
        source.every_ms = self.step.unwrap_or(self.every).as_millis() as u64;
        if source.reads > 0 && self.shelf.is_empty() {
            source
                .troubles
                .push("it had no answer to any of the queries over the time of the run".to_owned());
        }
        let (resources, trouble) = self.shelf.into_resources();
        source.resources = resources;
        source.troubles.extend(trouble);
    }
}

#[cfg(test)]
mod tests;
