//! rtc-load with media against the mock: packets go from each to each other, and what arrives is counted.

use engine::run::ScenarioRun;
use loadgen::live::{LiveSession, Media, Subscribe};
use mock_server::Config;
use tokio::net::TcpListener;

use crate::stage::{Play, WORLD, all_faults, play_at, red, samples, share};

const PEOPLE: u64 = 4;

/// A few people for a few seconds at a mock of their own.
async fn go(live: LiveSession) -> ScenarioRun {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let config = Config { world: Some(*WORLD), ..Config::default() };
    tokio::spawn(mock_server::serve(listener, config, std::future::pending::<()>()));
    let turns = (0..live.participants).map(|n| (n, 0)).collect();
    play_at("rtc-load", &origin, Play::Whole { turns, scale: 0.3 }, live).await
}

fn counter(run: &ScenarioRun, name: &str) -> u64 {
    run.counters.iter().find(|counter| counter.name == name).expect("the plan declares it").total
}

#[tokio::test]
async fn everybody_hears_everybody_and_nothing_is_lost() {
    let live = LiveSession { participants: PEOPLE, media: Media::Audio, subscribe: Subscribe::All };
    let run = go(live).await;
    assert_eq!(all_faults(&run), []);
    // How fast it was depends on this machine; what was carried does not.
    assert!(!red(&run).iter().any(|goal| goal == "tracks that carry packets"));
    assert_eq!(share(&run, "media_tracks_active"), (PEOPLE * (PEOPLE - 1), 0));
    let (received, lost) = share(&run, "media_packets_received");
    assert!(received > 0 && lost == 0, "{received} received, {lost} lost");
    assert_eq!(counter(&run, "media_packets_duplicate"), 0);
    for (series, n) in [
        ("media_ice", PEOPLE),
        ("media_dtls", PEOPLE),
        ("media_first_packet", PEOPLE),
        ("participant_ready", PEOPLE),
        ("media_time_to_come_back", 0),
    ] {
        assert_eq!(samples(&run, series), n, "{series}");
    }
    assert_eq!(samples(&run, "media_latency"), received, "each packet's age is known");
    assert_eq!(samples(&run, "media_send_lateness"), counter(&run, "media_packets_sent"));
    assert!(samples(&run, "media_jitter") > 0 && counter(&run, "media_bytes_received") > received);
}

#[tokio::test]
async fn the_last_speakers_are_heard_and_pictures_come_with_them() {
    let live =
        LiveSession { participants: PEOPLE, media: Media::AudioAndVideo, subscribe: Subscribe::Last(1) };
    let run = go(live).await;
    assert_eq!(all_faults(&run), []);
    assert_eq!(share(&run, "media_packets_received").1, 0);
    let (active, silent) = share(&run, "media_tracks_active");
    assert!(active >= 2 * PEOPLE && silent == 0, "{active} active, {silent} silent");
}

#[tokio::test]
async fn without_media_nothing_is_promised_of_packets() {
    let live = LiveSession { participants: PEOPLE, media: Media::None, ..LiveSession::default() };
    let run = go(live).await;
    assert_eq!(all_faults(&run), []);
    assert!(run.goals.iter().all(|goal| !goal.name.contains("packets")));
    assert_eq!(counter(&run, "media_packets_sent"), 0);
    assert_eq!(samples(&run, "participant_ready"), PEOPLE);
}
