//! `NAME.json`: a scenario in the shape of k6's end-of-test summary, under the metric names people know.
//!
//! Source: k6 documentation, "Custom summary" (the data `handleSummary` receives). Times are milliseconds. A
//! metric that was not measured is left out; nothing is filled in.

use contract::{
    Endpoint as _,
    sfu::{NewSession, NewTracks},
};
use engine::{
    goal::Claim,
    histogram::Distribution,
    record::{Column, FaultKind, Phase, Role},
    run::{Cell, ScenarioRun, TimingRun},
};
use serde_json::{Map, Value, json};

use super::view::{ScenarioView, bitrates, share};

/// Names for series of requests: scenario, metric, our series. They are the old suite's, and in its manner the steps
/// of joining a live session.
const OLD_TRENDS: &[(&str, &str, &str)] = &[
    ("search-load", "search_latency", "GET /api/search"),
    ("search-load", "semantic_search_latency", "semantic"),
    ("search-load", "filtered_search_latency", "filtered"),
    ("rtc-load", "session_join_latency", "POST /api/rtc/sessions/{session_id}/join"),
    ("rtc-load", "video_token_latency", "POST /api/rtc/sessions/{session_id}/video-token"),
    ("rtc-load", "sfu_session_latency", NewSession::ROUTE),
    ("rtc-load", "sfu_tracks_latency", NewTracks::ROUTE),
    ("webhooks-load", "webhook_processing_latency", "POST /api/webhooks/stripe"),
    ("event-rsvp-load", "rsvp_latency", "POST /api/events/{event_id}/rsvp"),
    ("event-rsvp-load", "event_view_latency", "GET /api/events/{event_id}"),
    ("page-load", "page_load_time", "page"),
    ("page-load", "api_response_time", "api"),
    ("api-load", "api_latency", "all"),
    ("api-load", "auth_latency", "auth"),
    ("api-load", "events_api_latency", "events"),
    ("api-load", "subscriptions_api_latency", "subscriptions"),
];

/// The old suite's names for rates: scenario, its metric, our series, and whether it counts the good ones.
const OLD_RATES: &[(&str, &str, &str, Count)] = &[
    ("search-load", "search_errors", "GET /api/search", Count::Failed),
    ("api-load", "api_success", "all", Count::Good),
];

/// k6's own times, and what of every request they are.
const HTTP_TRENDS: [(&str, Column); 7] = [
    ("http_req_duration", Column::SinceSent),
    ("http_req_blocked", Column::Phase(Phase::Blocked)),
    ("http_req_connecting", Column::Phase(Phase::Connecting)),
    ("http_req_tls_handshaking", Column::Phase(Phase::Tls)),
    ("http_req_sending", Column::Phase(Phase::Sending)),
    ("http_req_waiting", Column::Phase(Phase::Waiting)),
    ("http_req_receiving", Column::Phase(Phase::Receiving)),
];

/// k6's own shares: of failed requests, and of answers that were right.
const HTTP_RATES: [&str; 2] = ["http_req_failed", "checks"];

/// The figures of a trend, as k6's option of that name has them.
const TREND_STATS: [&str; 8] = ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "count"];

/// What a rate is the rate of.
#[derive(Clone, Copy)]
enum Count {
    Good,
    Failed,
}

/// What of a scenario a metric of k6's is, for trends: its cells. Empty where there is nothing of that name.
pub(super) fn trend<'a>(run: &'a ScenarioRun, metric: &str) -> Vec<&'a Cell> {
    let cells = |timing: &'a TimingRun, column| timing.column(column).into_iter().flat_map(|run| &run.cells);
    if let Some((_, column)) = HTTP_TRENDS.iter().find(|(name, _)| *name == metric) {
        return endpoints(run).flat_map(|timing| cells(timing, *column)).collect();
    }
    let old = OLD_TRENDS.iter().find(|(scenario, name, _)| *scenario == run.name && *name == metric);
    let series = old.and_then(|(.., series)| run.timing_named(series));
    let value = || run.timing_named(metric).filter(|timing| timing.role == Role::Value);
    series.or_else(value).into_iter().flat_map(|timing| cells(timing, Column::SinceDue)).collect()
}

/// What of a scenario a metric of k6's is, for rates: those that pass and those that fail, in k6's words. `None` where
/// there is nothing of that name.
fn rate(run: &ScenarioRun, metric: &str) -> Option<(u64, u64)> {
    let (requests, failed) = run.requests();
    let old = OLD_RATES.iter().find(|(scenario, name, ..)| *scenario == run.name && *name == metric);
    let (passes, fails) = match metric {
        // k6 counts failures as this rate's passes: the share is of failed requests.
        "http_req_failed" => (failed, requests - failed),
        "checks" => (requests - failed, wrong(run)),
        _ => match (old, LOST.iter().find(|(name, _)| *name == metric)) {
            (Some((.., series, Count::Good)), _) => run.timing_named(series)?.counts(),
            (Some((.., series, Count::Failed)), _) => turned(run.timing_named(series)?.counts()),
            (None, Some((_, kept))) => turned(share(run, kept)),
            (None, None) => run.shares.iter().find(|share| share.name == metric)?.counts(),
        },
    };
    (passes + fails > 0).then_some((passes, fails))
}

fn turned((good, bad): (u64, u64)) -> (u64, u64) {
    (bad, good)
}

fn endpoints(run: &ScenarioRun) -> impl Iterator<Item = &TimingRun> {
    run.timings.iter().filter(|timing| timing.role == Role::Endpoint)
}

/// Answers whose content was not right.
fn wrong(run: &ScenarioRun) -> u64 {
    let faults = endpoints(run).flat_map(|timing| &timing.faults);
    faults.filter(|fault| matches!(fault.kind, FaultKind::Body(_))).map(|fault| fault.count).sum()
}

pub(super) fn render(scenario: &ScenarioView<'_>) -> String {
    let run = &scenario.measured.run;
    let mut metrics = Map::new();
    http(run, &mut metrics);
    own(run, &mut metrics);
    lost(run, &mut metrics);
    media(run, &mut metrics);
    thresholds(run, scenario, &mut metrics);
    let summary = json!({
        "root_group": { "name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e", "groups": [], "checks": [] },
        "options": { "summaryTrendStats": TREND_STATS, "summaryTimeUnit": "", "noColor": true },
        "state": { "isStdOutTTY": false, "isStdErrTTY": false, "testRunDurationMs": run.duration.as_secs_f64() * 1e3 },
        "metrics": metrics,
    });
    let mut text = serde_json::to_string_pretty(&summary).expect("JSON of strings and numbers");
    text.push('\n');
    text
}

/// k6's own metrics, as far as they were measured.
fn http(run: &ScenarioRun, metrics: &mut Map<String, Value>) {
    for (name, _) in HTTP_TRENDS {
        put_trend(metrics, name, &Distribution::of(trend(run, name)));
    }
    let seconds = run.duration.as_secs_f64();
    put_counter(metrics, "http_reqs", run.requests().0, seconds);
    for name in HTTP_RATES {
        put_rate_of(metrics, run, name);
    }
    let finished = run.flows.iter().map(|flow| flow.tally.finished).sum();
    put_counter(metrics, "iterations", finished, seconds);
    let dropped = run.flows.iter().map(|flow| flow.tally.dropped).sum();
    put_counter(metrics, "dropped_iterations", dropped, seconds);
    let users = || run.health.users.iter().map(|(_, users)| *users);
    if let (Some(last), Some(min), Some(max)) = (users().next_back(), users().min(), users().max()) {
        metrics.insert("vus".into(), gauge(last, min, max));
        metrics.insert("vus_max".into(), gauge(max, max, max));
    }
}

/// The scenario's own series, under the old suite's names where those had one, and all shares and counters.
fn own(run: &ScenarioRun, metrics: &mut Map<String, Value>) {
    let old_trends = OLD_TRENDS.iter().filter(|(scenario, ..)| *scenario == run.name);
    let values = run.timings.iter().filter(|timing| timing.role == Role::Value);
    let trends = old_trends.map(|(_, metric, _)| *metric).chain(values.map(|timing| timing.name.as_str()));
    trends.for_each(|name| put_trend(metrics, name, &Distribution::of(trend(run, name))));
    let old_rates = OLD_RATES.iter().filter(|(scenario, ..)| *scenario == run.name);
    let shares = run.shares.iter().map(|share| share.name.as_str());
    let rates = old_rates.map(|(_, metric, ..)| *metric).chain(shares);
    rates.for_each(|name| put_rate_of(metrics, run, name));
    for counter in &run.counters {
        put_counter(metrics, &counter.name, counter.total, run.duration.as_secs_f64());
    }
}

/// A live session's losses as rates, beside the shares of what was kept: as in `http_req_failed`, what "passes" is
/// what was lost.
const LOST: &[(&str, &str)] = &[
    ("sessions_lost", "sessions_kept"),
    ("participant_time_lost", "participant_time_present"),
    ("messages_lost", "message_delivery_success"),
    ("media_packets_lost", "media_packets_received"),
];

fn lost(run: &ScenarioRun, metrics: &mut Map<String, Value>) {
    for (metric, _) in LOST {
        put_rate_of(metrics, run, metric);
    }
}

/// Media, per participant: bits per second.
fn media(run: &ScenarioRun, metrics: &mut Map<String, Value>) {
    let Some(both) = bitrates(run) else { return };
    for (metric, value) in [("media_bitrate_sent", both.sent), ("media_bitrate_received", both.received)] {
        let values = json!({ "value": value, "min": value, "max": value });
        metrics
            .insert(metric.to_owned(), json!({ "type": "gauge", "contains": "default", "values": values }));
    }
}

/// Goals as thresholds of the metric they are about; k6 knows held and missed only, so the others have none.
fn thresholds(run: &ScenarioRun, scenario: &ScenarioView<'_>, metrics: &mut Map<String, Value>) {
    for (goal, row) in run.goals.iter().zip(&scenario.goals) {
        let decided = row.counts && matches!(row.word, "PASS" | "FAIL");
        let Some((metric, expression)) = threshold(run, &goal.claim).filter(|_| decided) else { continue };
        if let Some(entry) = metrics.get_mut(&metric) {
            entry["thresholds"][expression] = json!({ "ok": row.word == "PASS" });
        }
    }
}

/// A claim as k6 would write it: the metric, and the expression. Nothing where no metric says the same.
fn threshold(run: &ScenarioRun, claim: &Claim) -> Option<(String, String)> {
    Some(match claim {
        Claim::Percentile { series, column: Column::SinceDue, percent, limit } => {
            (metric_of(run, run.timing(*series)?), format!("p({percent})<{}", limit.as_secs_f64() * 1e3))
        }
        Claim::Percentile { .. } => return None,
        Claim::Share { share, below } => (run.share(*share)?.name.clone(), above(*below)),
        Claim::Always(share) => (run.share(*share)?.name.clone(), "rate==1".to_owned()),
        Claim::Never(counter) => (run.counter(*counter)?.name.clone(), "count==0".to_owned()),
        Claim::RequestErrors { below } => ("http_req_failed".to_owned(), format!("rate<{below}")),
        Claim::Errors { series, below } => {
            let series = &run.timing(*series)?.name;
            let known = |(scenario, _, name, _): &&(&str, _, _, _)| *scenario == run.name && name == series;
            match OLD_RATES.iter().find(known)? {
                (_, metric, _, Count::Good) => ((*metric).to_owned(), above(*below)),
                (_, metric, _, Count::Failed) => ((*metric).to_owned(), format!("rate<{below}")),
            }
        }
    })
}

/// The good ones are more than the bad ones may be: `rate>0.99`, to twelve places.
fn above(bad: f64) -> String {
    format!("rate>{}", ((1.0 - bad) * 1e12).round() / 1e12)
}

/// The metric a series is known by.
fn metric_of(run: &ScenarioRun, timing: &TimingRun) -> String {
    let old = OLD_TRENDS.iter().find(|(scenario, _, series)| *scenario == run.name && *series == timing.name);
    old.map_or_else(|| timing.name.clone(), |(_, metric, _)| (*metric).to_owned())
}

fn put_trend(metrics: &mut Map<String, Value>, name: &str, all: &Distribution) {
    let ms = |value: Option<std::time::Duration>| value.map(|value| value.as_secs_f64() * 1e3);
    let at = |percent| ms(all.percentile(percent).value);
    if all.count() == 0 {
        return;
    }
    let values = json!({
        "avg": ms(all.mean()), "min": ms(all.min()), "med": at(50.0), "max": ms(all.max()),
        "p(90)": at(90.0), "p(95)": at(95.0), "p(99)": at(99.0), "count": all.count(),
    });
    metrics.insert(name.to_owned(), json!({ "type": "trend", "contains": "time", "values": values }));
}

fn put_rate_of(metrics: &mut Map<String, Value>, run: &ScenarioRun, name: &str) {
    let Some((passes, fails)) = rate(run, name) else { return };
    let all = passes + fails;
    let values = json!({ "rate": passes as f64 / all as f64, "passes": passes, "fails": fails });
    metrics.insert(name.to_owned(), json!({ "type": "rate", "contains": "default", "values": values }));
}

fn put_counter(metrics: &mut Map<String, Value>, name: &str, count: u64, seconds: f64) {
    let rate = if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    let values = json!({ "count": count, "rate": rate });
    metrics.insert(name.to_owned(), json!({ "type": "counter", "contains": "default", "values": values }));
}

fn gauge(value: u64, min: u64, max: u64) -> Value {
    json!({ "type": "gauge", "contains": "default", "values": { "value": value, "min": min, "max": max } })
}
