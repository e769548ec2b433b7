//! How several processes' parts of one scenario stand, as one.

use std::time::Duration;

use crate::record::{Live, LiveCounter, LiveSeries, Newest, Standing};

/// All parts together. Counts add up. Of percentiles, which do not, the slowest part's is given: no more
/// than that share of all is above it, since no more of any part is.
pub fn live<'a>(parts: impl IntoIterator<Item = &'a Live>) -> Live {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Live::default() };
    parts.fold(first.clone(), |mut whole, part| {
        add(&mut whole, part);
        whole
    })
}

fn add(whole: &mut Live, part: &Live) {
    whole.second = whole.second.max(part.second);
    whole.requests += part.requests;
    whole.failed += part.failed;
    whole.started += part.started;
    whole.users += part.users;
    add_newest(&mut whole.newest, part.newest);
    add_newest(&mut whole.done, part.done);
    whole.lateness_p99 = whole.lateness_p99.max(part.lateness_p99);
    whole.cores = whole.cores.zip(part.cores).map(|(a, b)| a + b).or(whole.cores).or(part.cores);
    // A part that has not said anything yet has no lists.
    whole.series.resize_with(whole.series.len().max(part.series.len()), LiveSeries::default);
    for (series, part) in whole.series.iter_mut().zip(&part.series) {
        series.name.clone_from(&part.name);
        series.endpoint = part.endpoint;
        series.n += part.n;
        series.failed += part.failed;
        add_newest(&mut series.newest, part.newest);
    }
    whole.goals.resize(whole.goals.len().max(part.goals.len()), Standing::default());
    for (goal, part) in whole.goals.iter_mut().zip(&part.goals) {
        goal.n += part.n;
        goal.bad += part.bad;
    }
    whole.counters.resize_with(whole.counters.len().max(part.counters.len()), LiveCounter::default);
    for (counter, part) in whole.counters.iter_mut().zip(&part.counters) {
        counter.name.clone_from(&part.name);
        counter.total += part.total;
    }
    whole.totals.add(&part.totals);
}

fn add_newest(whole: &mut Newest, part: Newest) {
    let slower = |a: Option<Duration>, b: Option<Duration>| a.max(b);
    whole.rate += part.rate;
    whole.p50 = slower(whole.p50, part.p50);
    whole.p95 = slower(whole.p95, part.p95);
    whole.p99 = slower(whole.p99, part.p99);
}
