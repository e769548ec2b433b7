//! Sockets that were not connected, or lost; messages that never came.

use super::{Advice, Facts};
use crate::words::{count, proportion};

const SCENARIO: &str = "rtc-load";
/// What has to be good, how it is told, and the share below which it is told.
const SHARES: [(&str, &str, f64); 2] = [
    ("ws_connection_success", "of the sockets connected", 0.99),
    ("message_delivery_success", "of the messages expected came", 0.99),
];

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let Some(run) = facts.scenarios().find(|scenario| scenario.name == SCENARIO) else { return Vec::new() };
    let shares = SHARES.into_iter().filter_map(|(name, told, least)| {
        let (good, bad) = run.shares.iter().find(|share| share.name == name)?.counts();
        let share = good as f64 / (good + bad).max(1) as f64;
        (good + bad > 0 && share < least).then(|| format!("{} {told}", proportion(share, good, good + bad)))
    });
    let mut evidence: Vec<String> = shares.collect();
    let drops = run.counters.iter().find(|counter| counter.name == "ws_connection_drops");
    if let Some(drops) = drops.filter(|drops| drops.total > 0) {
        evidence.push(format!("{} lost", count(drops.total, "socket was", "sockets were")));
        evidence.extend(drops.evidence.first().map(|first| format!("the first: {first}")));
    }
    if evidence.is_empty() {
        return Vec::new();
    }
    vec![Advice {
        title: "Keep sockets: limits, idle time-outs of proxies, pings, and a bus between servers".to_owned(),
        evidence,
        change: None,
        prove_with: vec![SCENARIO.to_owned()],
    }]
}
