//! Asks all probes: each as soon as those it follows are done, so that what does not depend on each other is asked
//! at once.

use std::{collections::BTreeSet, time::Duration};

use engine::clock;
use futures_util::{StreamExt as _, stream::FuturesUnordered};

use super::{
    Wanted,
    catalogue::{self, Probe},
    findings::{Findings, Probed, Trouble},
    kit::{EACH, Kit},
};

/// How long all of it may take.
const ALL: Duration = Duration::from_secs(30);

/// Asks every endpoint that `wanted` cannot do without, and those their probes follow. `lacks` says of a route why
/// the target is known not to have it: such a one is not asked.
pub async fn ask(kit: &Kit, wanted: &[Wanted], lacks: impl Fn(&'static str) -> Option<String>) -> Findings {
    let began = clock::now();
    let routes = wanted.iter().flat_map(|wanted| wanted.routes.iter().copied());
    let mut waiting = catalogue::with_those_before(routes);
    let (mut done, mut probed) = (BTreeSet::new(), Vec::new());
    let mut asking = FuturesUnordered::new();
    loop {
        let is_ready = |probe: &&Probe| probe.after.iter().all(|route| done.contains(route));
        let (ready, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        waiting = later;
        asking.extend(ready.into_iter().map(|probe| one(kit, probe, lacks(probe.route), began + ALL)));
        let Some(result) = asking.next().await else { break };
        done.insert(result.route);
        probed.push(result);
    }
    probed.sort_by_key(|probed: &Probed| catalogue::place(probed.route));
    Findings::new(wanted, probed, clock::now() - began)
}

/// Asks one, within its time and within what is left for all.
async fn one(kit: &Kit, probe: &'static Probe, lacks: Option<String>, over: clock::Instant) -> Probed {
    let told = |trouble, took| Probed { route: probe.route, trouble, took, disables: Vec::new() };
    if let Some(detail) = lacks {
        return told(Some(Trouble::Declared { detail }), None);
    }
    let began = clock::now();
    let until = until(probe, began, over);
    let asked = tokio::time::timeout_at(until, (probe.ask)(kit)).await;
    let late = || {
        let within = (until - began).as_secs_f64();
        Trouble::Unanswered { detail: format!("timeout: no answer within {within:.1} s") }
    };
    let trouble = asked.map_or_else(|_| Some(late()), Result::err);
    let took = clock::now() - began;
    let was_asked = !matches!(trouble, Some(Trouble::NotAsked { .. }));
    told(trouble, was_asked.then_some(took))
}

/// When one that is asked at `began` is given up, all of them being over at `over`.
fn until(probe: &Probe, began: clock::Instant, over: clock::Instant) -> clock::Instant {
    if probe.gives_back() { began + EACH } else { over.min(began + EACH) }
}

#[cfg(test)]
mod tests;
