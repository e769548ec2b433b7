//! What is promised of the live session.

use std::time::Duration;

use engine::goal::{self, Goal};

use super::{Series, intent::Timetable};
use crate::live::{LiveSession, Media};

/// The longest joining may take: p99's limit.
pub(super) const JOIN_WITHIN: Duration = Duration::from_secs(3);
/// The longest until somebody who was due to join is in the chat and hears another. SCENARIOS.md has no figure for it;
/// without one an SFU that keeps everybody waiting would pass. It is what an SFU may wait for a connection.
const READY_WITHIN: Duration = Duration::from_secs(contract::sfu::CONNECT_WAIT_SECONDS);

/// What is promised of a session of this shape.
pub(super) fn of(series: Series, live: LiveSession, times: &Timetable, requests: u64) -> Vec<Goal> {
    let people = live.participants;
    let ms = Duration::from_millis;
    let present = people * times.staying().as_millis() as u64;
    // The first round may come before everyone is there.
    let rounds = (times.intent(0).chats.len() as u64).saturating_sub(1).max(1);
    let deliveries = people * people.saturating_sub(1) * rounds;
    let checks = people * times.intent(0).health_checks as u64;
    let mut goals = vec![
        Goal::census("sockets connected", goal::share(series.connected).above(0.99), people),
        Goal::census(
            "drop rate (participant time lost)",
            goal::share(series.time_present).bad_below(0.01),
            present,
        ),
        Goal::sampled("messages delivered", goal::share(series.delivered).above(0.99), deliveries),
        Goal::sampled("chat latency p95", goal::p95(series.chat_latency).below(ms(500)), deliveries),
        Goal::sampled("chat latency p99", goal::p99(series.chat_latency).below(ms(1000)), deliveries),
        Goal::census("join p95", goal::p95(series.join).below(ms(2000)), people),
        Goal::census("join p99", goal::p99(series.join).below(JOIN_WITHIN), people),
        Goal::census("video token p95", goal::p95(series.token).below(ms(1000)), people),
        Goal::census("ready p95", goal::p95(series.media.ready).below(READY_WITHIN), people),
        Goal::sampled("video healthy", goal::share(series.video_health).above(0.95), checks),
        Goal::exact("no message heard twice", goal::always(series.heard_once)).of_at_least(1),
        Goal::exact("everyone hears the same order", goal::always(series.heard_in_order)).of_at_least(1),
        Goal::exact("another session's token is refused", goal::always(series.foreign_token_refused))
            .of_at_least(2),
        Goal::sampled("HTTP errors", goal::errors(series.all).below(0.01), requests),
    ];
    goals.extend(media_goals(series, live, times));
    goals
}

/// That each track carries packets, and that it goes on to. Without packets there is nothing to promise of them.
fn media_goals(series: Series, live: LiveSession, times: &Timetable) -> Vec<Goal> {
    let each = match live.media {
        Media::None => 0,
        Media::Audio => 1,
        Media::AudioAndVideo => 2,
    };
    let tracks = each * live.participants * live.subscribe.most(live.participants);
    if tracks == 0 {
        return Vec::new();
    }
    // Tracks take their time to be set up, and change hands as people come and go: half of what is planned is there
    // at least.
    let least = tracks * times.together().as_millis() as u64 / 2;
    vec![
        Goal::census("tracks that carry packets", goal::share(series.media.active).above(0.99), tracks),
        Goal::census(
            "silence (track time without packets)",
            goal::share(series.media.carried).bad_below(0.01),
            least,
        ),
    ]
}
