//! Live sessions made by hand: with media and without, with somebody who missed something and without.

use std::time::Duration;

use contract::{
    Endpoint,
    rtc::{JoinSession, VideoToken},
    sfu::{NewSession, NewTracks},
};
use engine::{
    clock,
    curve::Curve,
    driver::Due,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{Collector, Plan, Registry, Sample},
    run::ScenarioRun,
};
use loadgen::{
    books::MediaBooks,
    run::{LiveAccount, MISSES_KEPT, Missed, MissedFrom, Receiver, Run, WORST_KEPT},
};

use super::made;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// How many messages each says.
pub(super) const SAYS: u64 = 4;

/// A session to be made.
#[derive(Clone, Copy)]
pub(super) struct Session {
    pub(super) participants: u64,
    /// Whether packets were sent.
    pub(super) media: bool,
    /// How many participants, the last ones, heard nothing of participants 0 and 1.
    pub(super) deaf: u64,
    /// How many messages participant 0 heard twice, and as many out of order.
    pub(super) disturbed: u64,
    /// Packets the SFU's own books have less than participants sent.
    pub(super) sfu_short: u64,
}

/// Fifty people; all is well.
pub(super) const WELL: Session =
    Session { participants: 50, media: true, deaf: 0, disturbed: 0, sfu_short: 0 };

/// The requests of joining and of all that follows, and how long each takes at least, in ms.
const STEPS: [(&str, u64); 4] =
    [(JoinSession::ROUTE, 50), (VideoToken::ROUTE, 60), (NewSession::ROUTE, 70), (NewTracks::ROUTE, 80)];

/// Bytes of a packet.
const PACKET: u64 = 100;

impl Session {
    fn packets(&self) -> u64 {
        self.participants * 500
    }

    /// A packet in fifty of those for everybody's four subscriptions.
    fn lost(&self) -> u64 {
        4 * self.packets() / 50
    }

    fn missed(&self) -> u64 {
        self.deaf * 2 * SAYS
    }

    fn expected(&self) -> u64 {
        self.participants * (self.participants - 1) * SAYS
    }

    /// The run of one such session.
    pub(super) fn run(&self) -> Run {
        let mut measured = made::measured(self.recorded());
        measured.title = "One live training session".into();
        measured.live = Some(self.account());
        made::run(vec![measured])
    }

    fn recorded(&self) -> ScenarioRun {
        let mut registry = Registry::new();
        let endpoints = STEPS.map(|(route, took)| (registry.endpoint(route), took));
        let values: Vec<_> =
            self.values().into_iter().map(|(name, values)| (registry.value(name), values)).collect();
        let shares = self.shares().map(|(name, good, bad)| (registry.share(name), good, bad));
        let counters = self.counters().map(|(name, n)| (registry.counter(name), n));
        let join = endpoints[0].0;
        let goals = vec![Goal::census("join p95", goal::p95(join).below(ms(2_000)), self.participants)];
        let flow = Flow::new("participants", Load::Arrivals(Curve::flat(self.participants as f64, 1.0)));
        let collector = Collector::start(Plan::new("rtc-load", registry, goals, vec![flow]));
        let epoch = clock::now();
        let recorder = collector.tap().recorder(epoch);
        for n in 0..self.participants {
            let due = Due { at: epoch + ms(n), lateness: Duration::ZERO };
            for (endpoint, took) in endpoints {
                recorder.timing(&[endpoint], Sample::new(due, due.at, due.at + ms(took + n % 10), Ok(())));
            }
        }
        for (id, values) in values {
            for value in values {
                recorder.value(id, value);
            }
        }
        for (id, good, bad) in shares {
            recorder.shares(id, good, bad);
        }
        for (id, n) in counters {
            recorder.add(id, n);
        }
        recorder.flush();
        made::finish(collector, epoch, Vec::new())
    }

    /// `n` values from `least` ms on.
    fn spread(n: u64, least: u64) -> Vec<Duration> {
        (0..n).map(|i| ms(least + i % 10)).collect()
    }

    fn values(&self) -> Vec<(&'static str, Vec<Duration>)> {
        let people = self.participants;
        let carried = if self.media { people } else { 0 };
        let heard = if people > 1 { 100 } else { 0 };
        let away = u64::from(self.deaf > 0);
        [
            ("join_http", people, 30),
            ("join_video_token", people, 10),
            ("join_sfu_session", people, 12),
            ("join_sfu_tracks", people, 15),
            ("ws_connecting", people, 8),
            ("chat_message_latency", heard, 20),
            ("time_to_come_back", away, 900),
            ("media_ice", carried, 30),
            ("media_dtls", carried, 25),
            ("media_first_packet", carried, 40),
            ("participant_ready", carried, 160),
            ("media_latency", carried, 2),
            ("media_send_lateness", carried, 1),
            ("media_jitter", carried, 3),
            ("media_rtt", carried, 4),
            ("media_gap", if self.media { self.deaf } else { 0 }, 300),
            ("media_time_to_come_back", 0, 0),
        ]
        .map(|(name, n, least)| (name, Self::spread(n, least)))
        .to_vec()
    }

    /// Everybody is there for a hundred seconds; one of those who missed something was away for five.
    fn shares(&self) -> [(&'static str, u64, u64); 8] {
        let dropped = u64::from(self.deaf > 0);
        let present = self.participants * 100_000;
        let heard = self.expected() - self.missed();
        let (to_come, lost) = if self.media { (4 * self.packets(), self.lost()) } else { (0, 0) };
        let tracks = if self.media { 4 * self.participants } else { 0 };
        // Some of it before their first packets, which is no gap.
        let silent = if self.media { 1_000 * self.deaf } else { 0 };
        [
            ("sessions_kept", self.participants - dropped, dropped),
            ("participant_time_present", present - 5_000 * dropped, 5_000 * dropped),
            ("message_delivery_success", heard, self.missed()),
            ("messages_heard_once", heard - self.disturbed, self.disturbed),
            ("messages_heard_in_order", heard - self.disturbed, self.disturbed),
            ("media_packets_received", to_come - lost, lost),
            ("media_tracks_active", tracks, 0),
            ("media_time_carried", tracks * 100_000 - silent, silent),
        ]
    }

    fn counters(&self) -> [(&'static str, u64); 11] {
        let carried = |n| if self.media { n } else { 0 };
        [
            ("ws_msgs_sent", self.participants * SAYS),
            ("messages_heard_twice", self.disturbed),
            ("messages_out_of_order", self.disturbed),
            ("messages_missed", self.missed()),
            ("media_packets_sent", carried(self.packets())),
            ("media_bytes_sent", carried(PACKET * self.packets())),
            ("media_bytes_received", carried(4 * PACKET * self.packets())),
            ("media_gaps", carried(self.deaf)),
            ("media_nacks_sent", carried(7)),
            ("media_plis_received", 0),
            ("media_ice_restarts", carried(self.deaf)),
        ]
    }

    fn account(&self) -> LiveAccount {
        let others = (self.participants - 1) * SAYS;
        let deaf_from = self.participants - self.deaf;
        let receivers = (0..self.participants).map(|who| {
            let deaf = who >= deaf_from;
            let kept = who < deaf_from + WORST_KEPT as u64;
            let missed = |sender| MissedFrom { sender, expected: SAYS, missed: SAYS };
            Receiver {
                participant: who,
                expected: others,
                heard: if deaf { others - 2 * SAYS } else { others },
                duplicates: if who == 0 { self.disturbed } else { 0 },
                out_of_order: if who == 0 { self.disturbed } else { 0 },
                missed_from: if deaf && kept { vec![missed(0), missed(1)] } else { Vec::new() },
            }
        });
        let said = (0..SAYS).flat_map(|n| [(0, n), (1, n)]);
        let missed = said.flat_map(|(sender, n)| {
            (deaf_from..self.participants).map(move |receiver| Missed {
                receiver,
                sender,
                message: format!("n-{sender}-{n}"),
            })
        });
        let sfu = self.media.then(|| MediaBooks {
            packets_in: self.packets() - self.sfu_short,
            packets_out: 4 * self.packets() - self.lost(),
            bytes_in: PACKET * self.packets(),
            bytes_out: 4 * PACKET * self.packets(),
            dropped_down: self.lost(),
            nacks: 7,
            ..MediaBooks::default()
        });
        LiveAccount { receivers: receivers.collect(), missed: missed.take(MISSES_KEPT).collect(), sfu }
    }
}
