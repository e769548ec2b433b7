//! How the live session was: joining, what was lost, chat, media. Computed from the run alone; what it did not
//! measure is said to be "not measured".

mod hearing;
mod media;

use std::time::Duration;

use engine::{
    histogram::Distribution,
    record::Column,
    run::{ScenarioRun, TimingRun},
    stats,
};

pub(in crate::report) use hearing::{Hearing, Matrix};
pub(in crate::report) use media::{Media, bitrates};

use super::figures::{at, or_dash, within};
use crate::{
    run::Measured,
    words::{count, number, percent, proportion},
};

/// What is shown in place of a figure that there is not.
const NOT_MEASURED: &str = "not measured";

/// How the live session was.
pub(in crate::report) struct LiveView {
    /// The way in, step by step; the last is the whole of it.
    pub(in crate::report) steps: Vec<Step>,
    /// The three drop rates.
    pub(in crate::report) losses: Vec<Loss>,
    /// How long it took to come back.
    pub(in crate::report) back: Vec<Back>,
    /// Chat: what, and its figure.
    pub(in crate::report) chat: Vec<[String; 2]>,
    /// Who heard whom.
    pub(in crate::report) hearing: Hearing,
    pub(in crate::report) media: Media,
    /// All of it in four sentences.
    pub(in crate::report) brief: Vec<String>,
}

/// A step of joining.
pub(in crate::report) struct Step {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) samples: u64,
    /// p50, p95 and maximum.
    pub(in crate::report) figures: [String; 3],
    /// Where its bar begins, in ms: at the end of the one before, medians laid end to end.
    pub(in crate::report) from_ms: f64,
    /// Its median, in ms; `None` where it was not measured.
    pub(in crate::report) median_ms: Option<f64>,
    /// The bar in text.
    pub(in crate::report) bar: String,
}

/// One of the ways to count what was lost.
pub(in crate::report) struct Loss {
    pub(in crate::report) what: &'static str,
    pub(in crate::report) lost: String,
    pub(in crate::report) of: String,
    pub(in crate::report) rate: String,
    /// Whether the goal is about this one.
    pub(in crate::report) decides: bool,
}

/// Coming back from a loss.
pub(in crate::report) struct Back {
    pub(in crate::report) what: &'static str,
    /// How often, in words.
    pub(in crate::report) times: String,
    /// p50, p95 and maximum, where it happened.
    pub(in crate::report) figures: Option<[String; 3]>,
}

/// The steps of joining, in the order they are taken: what a report calls them, and their series, which hold each
/// participant's first way in and nothing else. In runs of before there were such series, the first four were not measured.
const STEPS: [(&str, &str); 9] = [
    ("HTTP join", "join_http"),
    ("video token", "join_video_token"),
    ("sessions/new", "join_sfu_session"),
    ("tracks/new", "join_sfu_tracks"),
    ("socket open", "ws_connecting"),
    ("ICE", "media_ice"),
    ("DTLS", "media_dtls"),
    ("first packet", "media_first_packet"),
    (READY, "participant_ready"),
];

/// The step that is all of them together.
const READY: &str = "ready";

/// Characters of the widest bar in text.
const BAR: f64 = 40.0;

impl LiveView {
    /// The view of a scenario that was a live session; nothing of any other.
    pub(super) fn new(measured: &Measured) -> Option<Self> {
        let run = &measured.run;
        if run.name != "rtc-load" {
            return None;
        }
        let (steps, losses) = (steps(run), losses(run));
        let hearing = Hearing::new(measured.live.as_ref());
        let media = Media::new(run, measured.live.as_ref());
        let brief = vec![joining(&steps), lost(&losses), talk(run), media.sentence()];
        Some(Self { steps, losses, back: back(run), chat: chat(run), hearing, media, brief })
    }
}

fn values(run: &ScenarioRun, name: &str) -> Distribution {
    run.timing_named(name).map(|timing: &TimingRun| timing.distribution(Column::SinceDue)).unwrap_or_default()
}

/// Good ones and bad ones of a share; none where the run has no such share.
pub(in crate::report) fn share(run: &ScenarioRun, name: &str) -> (u64, u64) {
    run.shares.iter().find(|share| share.name == name).map_or((0, 0), engine::run::ShareRun::counts)
}

pub(in crate::report) fn counter(run: &ScenarioRun, name: &str) -> u64 {
    run.counters.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.total)
}

/// p50, p95 and maximum.
fn three(all: &Distribution) -> [String; 3] {
    [at(all, 50.0), at(all, 95.0), or_dash(all.max())]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn steps(run: &ScenarioRun) -> Vec<Step> {
    let mut end = 0.0;
    let mut steps: Vec<Step> = Vec::new();
    for (name, series) in STEPS {
        let all = values(run, series);
        let median_ms = all.percentile(50.0).value.map(ms);
        let from_ms = if name == READY { 0.0 } else { end };
        end = from_ms + median_ms.unwrap_or(0.0);
        steps.push(Step {
            name,
            samples: all.count() + all.unanswered(),
            figures: three(&all),
            from_ms,
            median_ms,
            bar: String::new(),
        });
    }
    let longest = steps.iter().filter_map(|step| Some(step.from_ms + step.median_ms?)).fold(0.0, f64::max);
    for step in &mut steps {
        step.bar = bar(step, longest);
    }
    steps
}

/// A step's median as text: `····███`. Whatever was measured has a block at least.
fn bar(step: &Step, longest: f64) -> String {
    let Some(median) = step.median_ms else { return NOT_MEASURED.to_owned() };
    let place = |ms: f64| if longest > 0.0 { (ms / longest * BAR).round() as usize } else { 0 };
    let to = place(step.from_ms + median).max(1);
    let from = place(step.from_ms).min(to - 1);
    format!("{}{}", "·".repeat(from), "█".repeat(to - from))
}

fn losses(run: &ScenarioRun) -> Vec<Loss> {
    let loss = |what, name, say: fn(u64) -> String, decides| {
        let (good, bad) = share(run, name);
        let all = good + bad;
        let unless_none = |text: String| if all == 0 { "–".to_owned() } else { text };
        let rate = if all == 0 { NOT_MEASURED.to_owned() } else { percent(bad as f64 / all as f64) };
        Loss { what, lost: unless_none(say(bad)), of: unless_none(say(all)), rate, decides }
    };
    vec![
        loss("sessions that lost their socket", "sessions_kept", number, false),
        loss("participant time lost, of what was planned", "participant_time_present", seconds, true),
        loss("messages lost, of those expected", "message_delivery_success", number, false),
    ]
}

/// Milliseconds as seconds: `27 500 s`, `2.5 s`.
fn seconds(ms: u64) -> String {
    match ms % 1_000 {
        0 => format!("{} s", number(ms / 1_000)),
        rest => {
            let rest = format!("{rest:03}");
            format!("{}.{} s", number(ms / 1_000), rest.trim_end_matches('0'))
        }
    }
}

fn back(run: &ScenarioRun) -> Vec<Back> {
    let (kept, dropped) = share(run, "sessions_kept");
    let carried = counter(run, "media_packets_sent") > 0;
    let tried = counter(run, "media_ice_restarts") + counter(run, "media_new_sessions") > 0;
    let row = |what, name, measured: bool, lost: bool| {
        let all = values(run, name);
        let times = match all.count() {
            0 if !measured => NOT_MEASURED.to_owned(),
            0 if lost => "never".to_owned(),
            0 => "nobody had to".to_owned(),
            n => count(n, "time", "times"),
        };
        Back { what, times, figures: (all.count() > 0).then(|| three(&all)) }
    };
    vec![
        row("to the session", "time_to_come_back", kept + dropped > 0, dropped > 0),
        row("to carrying packets", "media_time_to_come_back", carried || tried, tried),
    ]
}

/// A share of bad ones with the bounds that chance allows: `2 % (20 of 1 000), 1.3 % to 2.9 % at 95 %`.
fn bounded(bad: u64, all: u64) -> String {
    if all == 0 {
        return NOT_MEASURED.to_owned();
    }
    let (low, high) = stats::clopper_pearson(bad as f64, all as f64);
    let seen = proportion(bad as f64 / all as f64, bad, all);
    format!("{seen}, {} to {} at 95 %", percent(low), percent(high))
}

fn delivered(run: &ScenarioRun) -> String {
    match share(run, "message_delivery_success") {
        (0, 0) => NOT_MEASURED.to_owned(),
        (heard, missed) => {
            let all = heard + missed;
            proportion(heard as f64 / all as f64, heard, all)
        }
    }
}

/// How many of what was heard were not as they should be.
fn of_heard(run: &ScenarioRun, bad: &str, looked_at: &str) -> String {
    match share(run, looked_at) {
        (0, 0) => NOT_MEASURED.to_owned(),
        (good, wrong) => format!("{} of {} heard", number(counter(run, bad)), number(good + wrong)),
    }
}

fn chat(run: &ScenarioRun) -> Vec<[String; 2]> {
    let latency = values(run, "chat_message_latency");
    let latency = match latency.count() {
        0 => NOT_MEASURED.to_owned(),
        _ => [50.0, 95.0, 99.0].map(|p| format!("p{p} {}", within(&latency, p))).join(", "),
    };
    let rows = [
        ("messages said", number(counter(run, "ws_msgs_sent"))),
        ("delivered, of those expected", delivered(run)),
        ("latency, sender to receiver", latency),
        ("heard twice", of_heard(run, "messages_heard_twice", "messages_heard_once")),
        ("out of order", of_heard(run, "messages_out_of_order", "messages_heard_in_order")),
    ];
    rows.map(|(what, figure)| [what.to_owned(), figure]).to_vec()
}

fn joining(steps: &[Step]) -> String {
    let whole = steps.last().filter(|step| step.samples > 0);
    whole.map_or_else(
        || format!("Joining: {NOT_MEASURED} as a whole; its steps are in the report."),
        |Step { figures: [p50, p95, max], samples, .. }| {
            let ready = count(*samples, "participant was", "participants were");
            format!("Joining: {ready} ready after {p50} (p50), {p95} (p95), {max} (max).")
        },
    )
}

fn lost(losses: &[Loss]) -> String {
    let each = losses.iter().map(|loss| {
        let decides = if loss.decides { "; this one decides" } else { "" };
        format!("{}: {} ({} of {}{decides})", loss.what, loss.rate, loss.lost, loss.of)
    });
    format!("Drop rates: {}.", each.collect::<Vec<_>>().join("; "))
}

fn talk(run: &ScenarioRun) -> String {
    let [_, delivered, latency, twice, order] = chat(run).try_into().unwrap_or_default();
    format!(
        "Chat: delivered {}; latency {}; {} twice; {} out of order.",
        delivered[1], latency[1], twice[1], order[1]
    )
}
