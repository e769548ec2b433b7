//! An endpoint in Prometheus' format, read at every turn.

mod exposition;
mod known;

use std::collections::{BTreeSet, HashMap};

use reqwest::{Client, header::ACCEPT};

use self::{
    exposition::Sample,
    known::{Capacity, Known, Reading, Samples, TABLE},
};
use super::{
    address::Page,
    clock::{self, Moment},
    fetch,
    series::{Share, Shelf, titled},
    source::{Notes, Reader},
};
use crate::run::Source;

/// The format asked for: the older one, which everybody speaks.
const TEXT: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";
/// The largest page that is read.
const MOST_BYTES: usize = 8 << 20;
/// Runtimes whose code runs on one core at a time, by a metric that tells them.
const ONE_AT_A_TIME: [&str; 2] = ["python_info", "nodejs_version_info"];

/// The reader of one page.
pub(super) struct Metrics {
    page: Page,
    client: Client,
    /// The cores of this machine, when the page is of it.
    cores: Option<f64>,
    shelf: Shelf,
    shares: HashMap<String, Share>,
    said_strange: bool,
}

impl Metrics {
    pub(super) fn new(page: Page, client: Client) -> Self {
        let cores = page.is_of_this_machine().then(|| crate::machine::cores() as f64);
        Self { page, client, cores, shelf: Shelf::default(), shares: HashMap::new(), said_strange: false }
    }

    fn take(&mut self, at: u64, samples: &[Sample]) {
        let by_name = by_name(samples);
        let one = ONE_AT_A_TIME.iter().any(|name| by_name.contains_key(name));
        let cores = if one { Some(1.0) } else { self.cores };
        for known in TABLE {
            let Some(samples) = by_name.get(known.name) else { continue };
            for (name, value, first) in values(known, samples) {
                let capacity = capacity(known, first, &by_name, cores);
                self.put(at, known, &name, value, capacity, &by_name);
            }
        }
    }

    fn put(
        &mut self,
        at: u64,
        known: &Known,
        name: &str,
        value: f64,
        capacity: Option<f64>,
        by_name: &ByName<'_>,
    ) {
        match known.reading {
            Reading::Gauge => self.shelf.gauge(at, name, known.figure, value, capacity),
            Reading::Counter => self.shelf.counter(at, name, known.figure, value, capacity),
            Reading::HitsBeside(misses) => {
                let Some(misses) = by_name.get(misses) else { return };
                let misses = misses.iter().map(|sample| sample.value).sum();
                let share = self.shares.entry(name.to_owned()).or_default().of(value, misses);
                if let Some(share) = share {
                    self.shelf.gauge(at, name, known.figure, share, Some(1.0));
                }
            }
        }
    }
}

type ByName<'s> = HashMap<&'s str, Vec<&'s Sample>>;

fn by_name(samples: &[Sample]) -> ByName<'_> {
    let mut by_name = ByName::new();
    for sample in samples {
        by_name.entry(&sample.name).or_default().push(sample);
    }
    by_name
}

/// The values of a metric with their names, and a sample that each comes from.
fn values<'s>(known: &Known, samples: &[&'s Sample]) -> Vec<(String, f64, &'s Sample)> {
    let counts = |sample: &&&Sample| match known.samples {
        Samples::Each | Samples::Sum => true,
        Samples::SumWhere(label, value) => sample.label(label) == Some(value),
        Samples::SumUnless(label, values) => sample.label(label).is_none_or(|value| !values.contains(&value)),
    };
    let counting: Vec<&'s Sample> = samples.iter().filter(counts).copied().collect();
    if matches!(known.samples, Samples::Each) {
        let named = |sample: &'s Sample| {
            let labels = sample.labels.iter().map(|(name, value)| (name, value));
            (titled(&sample.name, labels), sample.value, sample)
        };
        return counting.into_iter().map(named).collect();
    }
    let total = counting.iter().map(|sample| sample.value).sum();
    counting.first().map(|first| (known.name.to_owned(), total, *first)).into_iter().collect()
}

fn capacity(known: &Known, of: &Sample, by_name: &ByName<'_>, cores: Option<f64>) -> Option<f64> {
    let most = match known.capacity {
        Capacity::Unknown => None,
        Capacity::Cores => cores,
        // One size for each event's pool, and one figure for all of them.
        Capacity::In("mock_pool_size") if of.label("pool") == Some("event") => None,
        Capacity::In(name) => {
            let there = by_name.get(name)?;
            let alike = there.iter().find(|sample| sample.labels == of.labels);
            let alone = there.first().filter(|_| there.len() == 1);
            alike.or(alone).map(|sample| sample.value)
        }
        Capacity::Values(label) => {
            let all = by_name.get(known.name)?;
            let values: BTreeSet<_> = all.iter().filter_map(|sample| sample.label(label)).collect();
            Some(values.len() as f64)
        }
    };
    most.filter(|most| *most > 0.0 && most.is_finite())
}

impl Reader for Metrics {
    async fn read(&mut self, notes: &mut Notes) -> Result<(), String> {
        let began = Moment::now();
        let request = self.client.get(self.page.url()).header(ACCEPT, TEXT);
        let text = fetch::text(request, MOST_BYTES).await?;
        let (samples, strange) = exposition::parse(&text);
        if samples.is_empty() {
            return Err("it answers with something that is no metrics in Prometheus' format".to_owned());
        }
        if strange > 0 && !self.said_strange {
            self.said_strange = true;
            notes.say(format!("{strange} of its lines are no metrics"));
        }
        self.take(clock::between(&began, &Moment::now()), &samples);
        Ok(())
    }

    fn fill(self, source: &mut Source) {
        if source.reads > 0 && self.shelf.is_empty() {
            source.troubles.push(
                "none of its metrics is among those this program knows to say how full a target is"
                    .to_owned(),
            );
        }
        let (resources, trouble) = self.shelf.into_resources();
        source.resources = resources;
        source.troubles.extend(trouble);
    }
}

#[cfg(test)]
mod tests;
