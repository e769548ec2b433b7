//! Figures of browsers' visits.

use std::time::Duration;

use engine::{
    histogram::{Distribution, Encoder},
    stats,
};

use super::{
    super::figures::{at, within},
    groups::{cache, device},
    not_done, said, tame, time,
};
use crate::{
    run::{Ended, Outcome, PageView, Parts, Seen},
    words::percent,
};

/// From where on a figure is no longer good, and from where on it is poor: web.dev's for p75 of visits
/// (<https://web.dev/articles/defining-core-web-vitals-thresholds>). Times are milliseconds; both are inclusive.
#[derive(Clone, Copy)]
pub(in crate::report) struct Thresholds {
    pub(in crate::report) good: f64,
    pub(in crate::report) fair: f64,
}

/// <https://web.dev/articles/lcp>
pub(in crate::report) const LCP: Thresholds = Thresholds { good: 2_500.0, fair: 4_000.0 };
/// <https://web.dev/articles/fcp>
const FCP: Thresholds = Thresholds { good: 1_800.0, fair: 3_000.0 };
/// <https://web.dev/articles/ttfb>
const TTFB: Thresholds = Thresholds { good: 800.0, fair: 1_800.0 };
/// <https://web.dev/articles/cls>
const CLS: Thresholds = Thresholds { good: 0.1, fair: 0.25 };

/// Names of the classes.
const CLASSES: [&str; 3] = ["good", "needs improvement", "poor"];

impl Thresholds {
    /// The class of a figure: good, needs improvement, poor.
    fn class(self, figure: f64) -> usize {
        usize::from(figure > self.good) + usize::from(figure > self.fair)
    }
}

/// LCP of some visits.
pub(in crate::report) struct Spread {
    pub(in crate::report) samples: u64,
    /// With its 95 % interval, as p95.
    pub(in crate::report) p75: String,
    pub(in crate::report) p95: String,
}

/// One of web.dev's classes.
pub(in crate::report) struct Rated {
    /// `good (at most 2 500 ms)`.
    pub(in crate::report) name: String,
    pub(in crate::report) visits: u64,
    pub(in crate::report) share: String,
    /// The same, of 1.
    pub(in crate::report) of_one: f64,
}

/// One of the four parts of an LCP.
pub(in crate::report) struct Part {
    pub(in crate::report) name: &'static str,
    /// Its mean, and the same in words.
    pub(in crate::report) mean_ms: f64,
    pub(in crate::report) mean: String,
    /// Its share of the mean LCP, of 1 and in words.
    pub(in crate::report) of_one: f64,
    pub(in crate::report) share: String,
    /// How many visits this is the mean of.
    pub(in crate::report) visits: u64,
}

/// A figure of a page, at p75.
pub(in crate::report) struct Vital {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) samples: u64,
    pub(in crate::report) p75: String,
    pub(in crate::report) good: String,
    pub(in crate::report) poor: String,
    /// The class p75 is in; a dash where there is none.
    pub(in crate::report) class: &'static str,
}

/// One LCP in a picture.
pub(in crate::report) struct Dot {
    /// When the visit began, seconds.
    pub(in crate::report) at_s: f64,
    /// `None` where the visit was not done in time.
    pub(in crate::report) ms: Option<f64>,
    pub(in crate::report) returning: bool,
    /// The visit in words.
    pub(in crate::report) title: String,
}

/// The LCP a visit counts with: as the goal has it.
pub(super) fn sample(view: &PageView) -> Option<Duration> {
    match view.outcome() {
        Outcome::Lcp(took) => Some(took),
        Outcome::Missing(_) => None,
    }
}

/// Visits that were shown the page they were sent to, be it a slow one.
fn shown(visits: &[Seen]) -> impl Iterator<Item = &PageView> {
    let views = visits.iter().map(|seen| &seen.view);
    let is_theirs = |view: &&PageView| view.refused().is_none() && view.another().is_none();
    views.filter(is_theirs).filter(|view| !matches!(view.ended, Ended::NoPage(_)))
}

fn distribution(times: impl Iterator<Item = Duration>) -> Distribution {
    let ns: Vec<u64> = times.map(|time| time.as_nanos() as u64).collect();
    Distribution::of([&Encoder::new().cell(0, &ns, 0, &[])])
}

impl Spread {
    pub(super) fn of<'s>(visits: impl IntoIterator<Item = &'s Seen>) -> Self {
        let all = distribution(visits.into_iter().filter_map(|seen| sample(&seen.view)));
        Self { samples: all.count(), p75: within(&all, 75.0), p95: within(&all, 95.0) }
    }
}

impl Part {
    /// Its share as text.
    pub(in crate::report) fn bar(&self) -> String {
        /// Characters of the whole.
        const WHOLE: f64 = 40.0;
        "█".repeat((self.of_one * WHOLE).round() as usize)
    }
}

fn share(n: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { n as f64 / all as f64 }
}

pub(super) fn rated(visits: &[Seen]) -> [Rated; 3] {
    let mut counts = [0; 3];
    for sample in visits.iter().filter_map(|seen| sample(&seen.view)) {
        counts[LCP.class(sample.as_secs_f64() * 1e3)] += 1;
    }
    let all = counts.iter().sum();
    let limits = [format!("at most {}", said(LCP.good)), String::new(), format!("over {}", said(LCP.fair))];
    [0, 1, 2].map(|class| Rated {
        name: match limits[class].as_str() {
            "" => CLASSES[class].to_owned(),
            limit => format!("{} ({limit})", CLASSES[class]),
        },
        visits: counts[class],
        share: if all == 0 { "–".to_owned() } else { percent(share(counts[class], all)) },
        of_one: share(counts[class], all),
    })
}

/// A part of an LCP: its name, the figure, and what its being the largest says.
type PartOf = (&'static str, fn(&Parts) -> f64, &'static str);

/// The parts, in order, and what is the matter where one is the largest.
const PARTS: [PartOf; 4] = [
    ("time to first byte", |parts| parts.ttfb_ms, "the server, or the way to it, was what took longest"),
    ("load delay", |parts| parts.load_delay_ms, "the content was asked for late, after other things"),
    ("load time", |parts| parts.load_time_ms, "the content itself took long to come"),
    ("render delay", |parts| parts.render_delay_ms, "the content was there and not yet painted"),
];

/// The mean of each part, over the visits that settled with an LCP. Means add up to the mean LCP, medians would not; it
/// is how field data shows them (<https://developer.chrome.com/docs/crux/methodology/metrics#lcp-image-subparts>).
pub(super) fn parts(visits: &[Seen]) -> Vec<Part> {
    let settled = shown(visits).filter(|view| view.ended == Ended::Settled);
    let of: Vec<Parts> = settled.filter_map(|view| Some(view.lcp.as_ref()?.parts)).collect();
    if of.is_empty() {
        return Vec::new();
    }
    let means = PARTS.map(|(_, part, _)| of.iter().map(part).sum::<f64>() / of.len() as f64);
    let whole: f64 = means.iter().sum();
    let part = |(&(name, ..), mean_ms): (&PartOf, f64)| {
        let of_one = if whole > 0.0 { mean_ms / whole } else { 0.0 };
        let (mean, share) = (said(mean_ms), percent((of_one * 1e3).round() / 1e3));
        Part { name, mean_ms, mean, of_one, share, visits: of.len() as u64 }
    };
    PARTS.iter().zip(means).map(part).collect()
}

/// Which part is the largest, in a sentence; nothing where there are none.
pub(super) fn largest(parts: &[Part]) -> String {
    let largest = parts.iter().zip(PARTS).max_by(|(a, _), (b, _)| a.mean_ms.total_cmp(&b.mean_ms));
    largest.map_or_else(String::new, |(part, (_, _, why))| {
        format!("The largest part is the {}, {} of it: {why}.", part.name, part.share)
    })
}

pub(super) fn vitals(visits: &[Seen]) -> Vec<Vital> {
    let times = |name, thresholds: Thresholds, figures: Vec<Duration>| {
        let all = distribution(figures.into_iter());
        let class = all.percentile(75.0).value.map(|p75| thresholds.class(p75.as_secs_f64() * 1e3));
        Vital {
            name,
            samples: all.count(),
            p75: at(&all, 75.0),
            good: said(thresholds.good),
            poor: said(thresholds.fair),
            class: class.map_or("–", |class| CLASSES[class]),
        }
    };
    let of = |figure: fn(&PageView) -> Option<f64>| {
        shown(visits).filter_map(|view| Some(time(figure(view)?))).collect()
    };
    vec![
        times("LCP", LCP, visits.iter().filter_map(|seen| sample(&seen.view)).collect()),
        times("FCP", FCP, of(|view| view.fcp_ms)),
        times("TTFB", TTFB, of(|view| view.ttfb_ms)),
        shift(visits),
    ]
}

/// How far things moved.
fn shift(visits: &[Seen]) -> Vital {
    let mut shifts: Vec<f64> = shown(visits).map(|view| view.cls).collect();
    shifts.sort_by(f64::total_cmp);
    let samples = shifts.len() as u64;
    let p75 = shifts.get(stats::nearest_rank(samples, 0.75) as usize - 1).copied();
    Vital {
        name: "CLS",
        samples,
        p75: p75.map_or_else(|| "–".to_owned(), |p75| format!("{p75:.3}")),
        good: CLS.good.to_string(),
        poor: CLS.fair.to_string(),
        class: p75.map_or("–", |p75| CLASSES[CLS.class(p75)]),
    }
}

pub(super) fn dots(visits: &[Seen]) -> Vec<Dot> {
    let dot = |seen: &Seen| {
        let counts = sample(&seen.view)?;
        let capped = seen.view.ended == Ended::Capped;
        let lcp = if capped { not_done() } else { crate::words::duration(counts) };
        Some(Dot {
            at_s: seen.at_s,
            ms: (!capped).then_some(counts.as_secs_f64() * 1e3),
            returning: seen.returning,
            title: format!(
                "{}, {}, {}, at {:.0} s: {lcp}",
                tame(&seen.page, 40),
                device(seen.device),
                cache(seen.returning),
                seen.at_s
            ),
        })
    };
    visits.iter().filter_map(dot).collect()
}
