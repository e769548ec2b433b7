//! Files that pages wait for.

use engine::record::Column;

use super::{Advice, Facts};
use crate::{
    run::{Lcp, Outcome},
    words::{count, duration, percent, proportion},
};

const SCENARIO: &str = "page-load";
/// LCP that is worth a change: from here on, users' experience is no longer good (<https://web.dev/articles/lcp>).
const LCP_MS: f64 = 2_500.0;
/// Fetching the largest content takes this part of LCP or more.
const MOSTLY: f64 = 0.4;
/// An asset that takes longer at p95 keeps a page waiting.
const ASSET_MS: u128 = 250;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    [painted(facts), fetched(facts)].into_iter().flatten().collect()
}

/// The largest content came late because it was fetched for long.
fn painted(facts: &Facts<'_>) -> Option<Advice> {
    let measured = facts.run.scenarios.iter().find(|measured| measured.run.name == SCENARIO)?;
    let visits = &measured.browsers.as_ref()?.visits;
    let seen = visits.iter().filter(|visit| matches!(visit.view.outcome(), Outcome::Lcp(_)));
    let slow: Vec<&Lcp> =
        seen.filter_map(|visit| visit.view.lcp.as_ref()).filter(|lcp| lcp.at_ms >= LCP_MS).collect();
    let sum = |part: fn(&Lcp) -> f64| slow.iter().map(|lcp| part(lcp)).sum::<f64>();
    let (all, fetching) = (sum(|lcp| lcp.at_ms), sum(|lcp| lcp.parts.load_delay_ms + lcp.parts.load_time_ms));
    let n = slow.len() as u64;
    let of = visits.len() as u64;
    (n > 0 && fetching >= MOSTLY * all).then(|| Advice {
        title: "Make the largest picture smaller, ask for it sooner, and serve it from near by".to_owned(),
        evidence: vec![
            format!("LCP was {LCP_MS} ms or later in {}", proportion(n as f64 / of as f64, n, of)),
            format!("{} of that time went into asking for the largest content and fetching it", percent(fetching / all)),
        ],
        change: Some("<link rel=\"preload\" as=\"image\" …> and Cache-Control: public, max-age=31536000, immutable on named versions".to_owned()),
        prove_with: vec![SCENARIO.to_owned()],
    })
}

/// Files that every page names and that come late.
fn fetched(facts: &Facts<'_>) -> Option<Advice> {
    let run = facts.scenarios().find(|scenario| scenario.name == SCENARIO)?;
    let assets = contract::pages::ASSETS.into_iter().filter_map(|route| run.timing_named(route));
    let mut requests = 0;
    let mut evidence = Vec::new();
    for asset in assets {
        let (ok, failed) = asset.counts();
        requests += ok + failed;
        let p95 = asset.distribution(Column::SinceSent).percentile(95.0).value;
        let slow = p95.filter(|p95| p95.as_millis() >= ASSET_MS);
        evidence.extend(slow.map(|p95| {
            format!(
                "p95 of {}: {} ({})",
                asset.name,
                duration(p95),
                count(ok + failed, "request", "requests")
            )
        }));
    }
    let all = run.requests().0;
    if evidence.is_empty() || all == 0 {
        return None;
    }
    let share = proportion(requests as f64 / all as f64, requests, all);
    evidence.push(format!("{share} of {SCENARIO}'s requests were for such files"));
    Some(Advice {
        title: "Serve files from a CDN, compressed, and let browsers keep them".to_owned(),
        evidence,
        change: Some("Content-Encoding: br or gzip; Cache-Control: public, max-age=31536000, immutable on named versions".to_owned()),
        prove_with: vec![SCENARIO.to_owned()],
    })
}
