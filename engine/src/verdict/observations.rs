//! What was observed, and what it says: exact, census, sampled.

use std::collections::BTreeMap;

use crate::{
    goal::{Claim, Goal, Kind, Standing},
    histogram::Quantile,
    record::Role,
    run::ScenarioRun,
    stats::{self, Block},
    verdict::{DesignEffect, Judged, Verdict},
};

/// What bears on a claim: observations and bad ones, per run and second.
#[derive(Debug, Default)]
pub(super) struct Observations {
    total: Block,
    seconds: BTreeMap<(usize, i64), Block>,
    /// Why there are none, where the run cannot have any.
    missing: Option<String>,
}

impl Observations {
    pub(super) fn of(run: &ScenarioRun, claim: &Claim) -> Self {
        let mut seen = Self::default();
        match claim {
            Claim::Percentile { series, column, limit, .. } => {
                let limit_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
                let Some(column) = run.timing(*series).and_then(|timing| timing.column(*column)) else {
                    return seen;
                };
                match column.limits_ns.binary_search(&limit_ns) {
                    Ok(place) => column.cells.iter().for_each(|cell| {
                        let over = cell.over.get(place).copied().unwrap_or(0);
                        seen.add((0, cell.second), cell.count + cell.unanswered, over);
                    }),
                    Err(_) => seen.missing = Some("this run did not count against that limit".into()),
                }
            }
            Claim::Errors { series, .. } => {
                let outcomes = run.timing(*series).map_or(&[][..], |timing| &timing.outcomes);
                for o in outcomes {
                    seen.add((0, o.second), o.ok + o.failed, o.failed);
                }
            }
            Claim::RequestErrors { .. } => seen.add_requests(0, run),
            Claim::Share { share, .. } | Claim::Always(share) => {
                let seconds = run.share(*share).map_or(&[][..], |share| &share.seconds);
                for s in seconds {
                    seen.add((0, s.second), s.good + s.bad, s.bad);
                }
            }
            Claim::Never(counter) => {
                let total = run.counter(*counter).map_or(0, |counter| counter.total);
                seen.add((0, 0), total, total);
            }
        }
        seen
    }

    /// Every request of a run, which is in this place among the runs.
    pub(super) fn add_requests(&mut self, place: usize, run: &ScenarioRun) {
        for timing in run.timings.iter().filter(|timing| timing.role == Role::Endpoint) {
            timing.outcomes.iter().for_each(|o| self.add((place, o.second), o.ok + o.failed, o.failed));
        }
    }

    fn add(&mut self, second: (usize, i64), n: u64, bad: u64) {
        for block in [&mut self.total, self.seconds.entry(second).or_default()] {
            block.n += n;
            block.bad += bad;
        }
    }

    pub(super) fn judged(self, goal: Goal, observed: Option<Quantile>) -> Judged {
        let design_effect = match goal.kind {
            Kind::Sampled => self.design_effect(goal.claim.allowed()),
            Kind::Exact | Kind::Census => DesignEffect::NotNeeded,
        };
        let Block { n, bad } = self.total;
        let factor = design_effect.factor();
        let sample = (bad as f64 / factor, n as f64 / factor);
        let verdict = match (&goal.standing, self.missing, goal.kind) {
            (Standing::NotApplicable(why), ..) => Verdict::NotApplicable(why.clone()),
            (Standing::NotMeasured(why), ..) => Verdict::NotMeasured(why.clone()),
            (_, Some(why), _) => Verdict::NotMeasured(why),
            // Where the plan was too small for it anyway, nothing is lost.
            (Standing::Invalid(_), ..) if !goal.judged() => {
                Verdict::NotJudged { n: goal.planned, needed: goal.needed() }
            }
            (Standing::Invalid(why), ..) => Verdict::Invalid(why.clone()),
            (.., Kind::Exact) => exact(&goal, n, bad),
            (.., Kind::Census) => census(&goal, n, bad),
            (.., Kind::Sampled) => sampled(&goal, sample, factor),
        };
        let bounds =
            (goal.kind == Kind::Sampled && n > 0).then(|| stats::clopper_pearson(sample.0, sample.1));
        Judged { goal, verdict, n, bad, bounds, observed, design_effect }
    }

    /// Cuts the sample into blocks of 5 s, or as long as still makes 20 of them.
    fn design_effect(&self, allowed: f64) -> DesignEffect {
        let mut most = 0;
        for block_s in [5, 4, 3, 2, 1] {
            let mut blocks: BTreeMap<(usize, i64), Block> = BTreeMap::new();
            for (&(run, second), seen) in self.seconds.iter().filter(|(_, seen)| seen.n > 0) {
                let block = blocks.entry((run, second.div_euclid(block_s))).or_default();
                block.n += seen.n;
                block.bad += seen.bad;
            }
            most = blocks.len() as u64;
            if most >= FEWEST_BLOCKS {
                let blocks: Vec<Block> = blocks.into_values().collect();
                let factor = stats::design_effect(&blocks, allowed);
                return DesignEffect::Applied { factor, blocks: most, block_s: block_s.cast_unsigned() };
            }
        }
        DesignEffect::TooFewBlocks { blocks: most }
    }
}

/// Fewer blocks than this say too little about how dependent samples are.
pub(super) const FEWEST_BLOCKS: u64 = 20;

/// One counterexample fails; none passes, if enough was looked at. A counter of offences does not
/// know how often it was looked for one: there, none passes.
fn exact(goal: &Goal, n: u64, bad: u64) -> Verdict {
    let counts_offences_only = matches!(goal.claim, Claim::Never(_));
    match goal.planned.saturating_sub(n) {
        _ if bad > 0 => Verdict::Fail,
        more if more > 0 && !counts_offences_only => Verdict::Inconclusive { more: Some(more) },
        _ => Verdict::Pass,
    }
}

/// These are all there are. Planned ones that were not observed may have been good or bad: the goal
/// holds when it would with all of them bad, and is missed when it would be with all of them good.
fn census(goal: &Goal, n: u64, bad: u64) -> Verdict {
    let all = n.max(goal.planned);
    let missing = all - n;
    if all == 0 {
        Verdict::Inconclusive { more: Some(1) }
    } else if holds(&goal.claim, bad + missing, all) {
        Verdict::Pass
    } else if holds(&goal.claim, bad, all) {
        Verdict::Inconclusive { more: Some(missing) }
    } else {
        Verdict::Fail
    }
}

/// Whether a claim holds of `all` there are, `bad` of them being so.
pub(super) fn holds(claim: &Claim, bad: u64, all: u64) -> bool {
    match claim {
        // The observed percentile is below the limit when the value of its rank is.
        Claim::Percentile { percent, .. } => bad <= all - stats::nearest_rank(all, percent / 100.0),
        Claim::Always(_) | Claim::Never(_) => bad == 0,
        // A billionth: 7 of 100 is not below 7 %, whichever way 0.07 · 100 is rounded.
        Claim::Errors { below, .. } | Claim::RequestErrors { below } | Claim::Share { below, .. } => {
            bad as f64 + 1e-9 < below * all as f64
        }
    }
}

/// A confidence bound decides; `sample` is `(bad, n)` after the design effect.
fn sampled(goal: &Goal, (bad, n): (f64, f64), factor: f64) -> Verdict {
    let (limit, needed) = (goal.claim.allowed(), goal.needed());
    if n > 0.0 && stats::shown_above(bad, n, limit) {
        Verdict::Fail
    } else if goal.planned < needed {
        Verdict::NotJudged { n: goal.planned, needed }
    } else if n > 0.0 && stats::shown_below(bad, n, limit) {
        Verdict::Pass
    } else {
        let more = stats::more_needed(bad, n, limit);
        Verdict::Inconclusive { more: more.map(|more| (more as f64 * factor).ceil() as u64) }
    }
}
