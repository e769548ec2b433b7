//! What participants measured of media, and beside it what the SFU counted.

use engine::{histogram::Distribution, run::ScenarioRun};

use super::{NOT_MEASURED, bounded, counter, seconds, share, three, values};
use crate::{
    books::MediaBooks,
    report::view::figures::{at, or_dash},
    run::LiveAccount,
    words::{count, number, percent, proportion},
};

/// Shares of packets by which two counts of the same may differ: some are on their way when the books are closed.
const AGREES_WITHIN: f64 = 0.01;

/// What was measured of media.
pub(in crate::report) struct Media {
    /// What, as participants saw it, as the SFU did. Empty where no packet was sent.
    pub(in crate::report) rows: Vec<[String; 3]>,
    /// How the two agree, or why there is nothing.
    pub(in crate::report) finding: String,
    brief: Option<String>,
}

/// A figure out of a participant, and one in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct BothWays {
    pub(in crate::report) sent: f64,
    pub(in crate::report) received: f64,
}

/// Bits per second of one participant, on average over the time they were there; `None` where no packet was sent.
pub(in crate::report) fn bitrates(run: &ScenarioRun) -> Option<BothWays> {
    // Kept in milliseconds.
    let present_s = share(run, "participant_time_present").0 as f64 / 1e3;
    let rate = |bytes: &str| counter(run, bytes) as f64 * 8.0 / present_s;
    let measured = counter(run, "media_packets_sent") > 0 && present_s > 0.0;
    measured.then(|| BothWays { sent: rate("media_bytes_sent"), received: rate("media_bytes_received") })
}

impl Media {
    pub(super) fn new(run: &ScenarioRun, account: Option<&LiveAccount>) -> Self {
        if counter(run, "media_packets_sent") == 0 {
            let finding = "Media was not measured: participants sent no packets.".to_owned();
            return Self { rows: Vec::new(), finding, brief: None };
        }
        let sfu = account.and_then(|account| account.sfu.as_ref());
        let mut rows = flow(run, sfu);
        rows.extend(times(run));
        rows.extend(repairs(run, sfu));
        Self { rows, finding: compared(run, sfu), brief: Some(brief(run)) }
    }

    /// The most important of it in a sentence.
    pub(super) fn sentence(&self) -> String {
        self.brief.clone().unwrap_or_else(|| self.finding.clone())
    }
}

/// A row with what the SFU counted; a dash where it counts no such thing or its books were not read.
fn row(what: &str, seen: String, sfu: Option<String>) -> [String; 3] {
    [what.to_owned(), seen, sfu.unwrap_or_else(|| "–".to_owned())]
}

fn loss(run: &ScenarioRun) -> String {
    let (received, lost) = share(run, "media_packets_received");
    bounded(lost, received + lost)
}

fn tracks(run: &ScenarioRun) -> String {
    match share(run, "media_tracks_active") {
        (0, 0) => NOT_MEASURED.to_owned(),
        (got, missing) => {
            let all = got + missing;
            proportion(got as f64 / all as f64, got, all)
        }
    }
}

/// How much of the time of the tracks subscribed to they carried packets.
fn carried(run: &ScenarioRun) -> String {
    match share(run, "media_time_carried") {
        (0, 0) => NOT_MEASURED.to_owned(),
        (good, silent) => {
            let all = good + silent;
            format!("{} ({} of {})", percent(good as f64 / all as f64), seconds(good), seconds(all))
        }
    }
}

/// What went through.
fn flow(run: &ScenarioRun, sfu: Option<&MediaBooks>) -> Vec<[String; 3]> {
    let counted = |pick: fn(&MediaBooks) -> u64| sfu.map(|sfu| number(pick(sfu)));
    let faults = sfu.map(|sfu| {
        format!(
            "lost by scheduled faults: {} to it, {} from it",
            number(sfu.dropped_up),
            number(sfu.dropped_down)
        )
    });
    let rates = bitrates(run);
    let rate = |pick: fn(&BothWays) -> f64| {
        rates.as_ref().map_or_else(|| NOT_MEASURED.to_owned(), |both| bitrate(pick(both)))
    };
    let (received, _) = share(run, "media_packets_received");
    vec![
        row(
            "packets sent (the SFU: taken)",
            number(counter(run, "media_packets_sent")),
            counted(|s| s.packets_in),
        ),
        row("packets received (the SFU: sent)", number(received), counted(|s| s.packets_out)),
        row("packets lost, to the end of each track", loss(run), faults),
        row("tracks that carried packets, of those subscribed to", tracks(run), None),
        row("time in which they did", carried(run), None),
        row("bitrate out, per participant present", rate(|both| both.sent), sfu.map(|s| bytes(s.bytes_in))),
        row(
            "bitrate in, per participant present",
            rate(|both| both.received),
            sfu.map(|s| bytes(s.bytes_out)),
        ),
    ]
}

/// How it sounded.
fn times(run: &ScenarioRun) -> Vec<[String; 3]> {
    let spread = |all: &Distribution| {
        if all.count() == 0 {
            return NOT_MEASURED.to_owned();
        }
        let [p50, p95, max] = three(all);
        format!("p50 {p50}, p95 {p95}, max {max}")
    };
    let late = values(run, "media_send_lateness");
    let lateness = match late.count() {
        0 => NOT_MEASURED.to_owned(),
        _ => format!("p50 {}, p99 {}, max {}", at(&late, 50.0), at(&late, 99.0), or_dash(late.max())),
    };
    let unsent = format!(
        "{} slots skipped, {} datagrams not taken by the system",
        number(counter(run, "media_slots_skipped")),
        number(counter(run, "media_datagrams_unsent"))
    );
    let gaps = match counter(run, "media_gaps") {
        0 => "none".to_owned(),
        n => format!("{}, the longest {}", number(n), or_dash(values(run, "media_gap").max())),
    };
    vec![
        row("one-way latency, due at the sender to received", spread(&values(run, "media_latency")), None),
        row("interarrival jitter (RFC 3550)", spread(&values(run, "media_jitter")), None),
        row("round trip to the SFU", spread(&values(run, "media_rtt")), None),
        row("silences over 200 ms within a track", gaps, None),
        row("the generator's own lateness in sending", lateness, None),
        row("what the generator did not send itself", unsent, None),
    ]
}

/// What was asked for again, and what was begun anew.
fn repairs(run: &ScenarioRun, sfu: Option<&MediaBooks>) -> Vec<[String; 3]> {
    let both = |sent: &str, received: &str| {
        format!("{} sent, {} received", number(counter(run, sent)), number(counter(run, received)))
    };
    let counted = |pick: fn(&MediaBooks) -> u64| sfu.map(|sfu| number(pick(sfu)));
    vec![
        row(
            "packets asked for again (NACK)",
            both("media_nacks_sent", "media_nacks_received"),
            sfu.map(|s| format!("{}, {} sent again", number(s.nacks), number(s.resent))),
        ),
        row(
            "pictures asked for (PLI)",
            both("media_plis_sent", "media_plis_received"),
            counted(|s| s.keyframe_requests),
        ),
        row("ICE restarts, attempts", number(counter(run, "media_ice_restarts")), None),
        row("new SFU sessions after a loss, attempts", number(counter(run, "media_new_sessions")), None),
    ]
}

/// Whether the SFU counted what participants did.
fn compared(run: &ScenarioRun, sfu: Option<&MediaBooks>) -> String {
    let Some(sfu) = sfu else {
        return "The SFU's own books were not read (no admin token, or the target keeps none).".to_owned();
    };
    let (received, lost) = share(run, "media_packets_received");
    let pairs = [
        (
            "participants sent",
            counter(run, "media_packets_sent"),
            "reached the SFU",
            sfu.packets_in + sfu.dropped_up,
        ),
        ("participants received", received, "left the SFU", sfu.packets_out),
    ];
    let differs =
        pairs.into_iter().filter(|(_, a, _, b)| a.abs_diff(*b) as f64 > AGREES_WITHIN * (*a.max(b)) as f64);
    let told: Vec<String> = differs
        .map(|(did, a, counted, b)| {
            format!("{did} {}, {} {counted}", count(a, "packet", "packets"), number(b))
        })
        .collect();
    if told.is_empty() {
        format!(
            "The SFU's own books agree with what participants counted, to {} of packets.",
            percent(AGREES_WITHIN)
        )
    } else {
        format!(
            "The SFU's own books and what participants counted disagree: {}. Participants missed {} of those \
             sent to them; the SFU knows of {} that scheduled faults lost.",
            told.join("; "),
            number(lost),
            number(sfu.dropped_up + sfu.dropped_down)
        )
    }
}

fn brief(run: &ScenarioRun) -> String {
    let at_95 = |name: &str| at(&values(run, name), 95.0);
    format!(
        "Media: packets lost {}; p95 of jitter {}, of one-way latency {}; {} over 200 ms; tracks that carried \
         packets: {}; time in which they did: {}.",
        loss(run),
        at_95("media_jitter"),
        at_95("media_latency"),
        count(counter(run, "media_gaps"), "silence", "silences"),
        tracks(run),
        carried(run)
    )
}

/// `24.3 kbit/s`, `1.25 Mbit/s`.
fn bitrate(bits_per_s: f64) -> String {
    if bits_per_s < 999_950.0 {
        format!("{:.1} kbit/s", bits_per_s / 1e3)
    } else {
        format!("{:.2} Mbit/s", bits_per_s / 1e6)
    }
}

fn bytes(n: u64) -> String {
    format!("{} bytes in all", number(n))
}
