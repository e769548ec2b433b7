//! rtc-load with media against the mock: packets go from each to each other, and what arrives is counted.

use std::{
    net::IpAddr,
    sync::{Arc, mpsc},
    thread,
};

use contract::{
    Endpoint,
    sfu::{NewSession, NewTracks},
};
use engine::run::ScenarioRun;
use loadgen::{
    books::Books,
    http::{Connector, Limits},
    live::{LiveSession, Media, Subscribe},
    target::Target,
};
use mock_server::{
    Config, MediaListen,
    defects::Defect,
    faults::{self, Known},
};
use tokio::{net::TcpListener, task::LocalSet};

use crate::stage::{Play, WORLD, all_faults, play_at, red, samples, share};

const PEOPLE: u64 = 4;

/// Everybody hears everybody.
const MESH: LiveSession =
    LiveSession { participants: PEOPLE, media: Media::Audio, subscribe: Subscribe::All };

const ACTIVE: &str = "tracks that carry packets";
const SILENCE: &str = "silence (track time without packets)";

/// The mock's admin token, as the stage knows it.
const ADMIN: &str = "any";

/// A few people for a few seconds at a mock of their own.
async fn go(live: LiveSession) -> ScenarioRun {
    go_with(live, |_| ()).await
}

/// The same with a mock that is set otherwise.
async fn go_with(live: LiveSession, set: impl FnOnce(&mut Config)) -> ScenarioRun {
    let mut config = Config { world: Some(*WORLD), admin_token: ADMIN.to_owned(), ..Config::default() };
    set(&mut config);
    let has_faults = config.faults.is_some();
    let origin = served(config);
    if has_faults {
        LocalSet::new().run_until(start_faults(&origin)).await;
    }
    let turns = (0..live.participants).map(|n| (n, 0)).collect();
    play_at("rtc-load", &origin, Play::Whole { turns, scale: 0.3 }, live).await
}

/// A mock on a thread of its own, which keeps the time of its packets whatever the participants do. It lives as long as
/// the process.
fn served(config: Config) -> String {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
            let ready = || tell.send(origin).expect("the test waits");
            let never = std::future::pending::<()>();
            mock_server::serve_announced(listener, config, never, ready).await.expect("it serves");
        });
    });
    told.recv().expect("it is built")
}

/// What is scheduled begins now.
async fn start_faults(origin: &str) {
    let target = Arc::new(Target::parse(origin).expect("a loopback origin"));
    let books = Books::new(&Connector::new(target, None, Limits::default()), ADMIN);
    books.start_faults().await.expect("the mock has a plan");
}

fn counter(run: &ScenarioRun, name: &str) -> u64 {
    run.counters.iter().find(|counter| counter.name == name).expect("the plan declares it").total
}

#[tokio::test]
async fn everybody_hears_everybody_and_nothing_is_lost() {
    let run = go(MESH).await;
    assert_eq!(all_faults(&run), []);
    // How fast it was depends on this machine; what was carried does not.
    assert!(!red(&run).iter().any(|goal| goal == ACTIVE));
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
    // The way in is each participant's first; requests of the same kind go on after it.
    for step in ["join_http", "join_video_token", "join_sfu_session", "join_sfu_tracks"] {
        assert_eq!(samples(&run, step), PEOPLE, "{step}");
    }
    assert_eq!(samples(&run, NewSession::ROUTE), PEOPLE);
    assert!(samples(&run, NewTracks::ROUTE) > PEOPLE, "they subscribe as well");
    assert!(share(&run, "media_time_carried").0 > 0);
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
    assert_eq!(samples(&run, "join_sfu_tracks"), PEOPLE, "descriptions are exchanged all the same");
    assert_eq!(counter(&run, "media_packets_sent"), 0);
    assert_eq!(samples(&run, "participant_ready"), PEOPLE);
}

#[tokio::test]
async fn an_sfu_that_takes_packets_and_forwards_none_turns_what_is_about_media_red() {
    let run = go_with(MESH, |config| config.defects = vec![Defect::TracksNeverActive]).await;
    let red = red(&run);
    assert!(red.iter().any(|goal| goal == ACTIVE) && red.iter().any(|goal| goal == SILENCE), "{red:?}");
    assert_eq!(share(&run, "media_tracks_active"), (0, PEOPLE * (PEOPLE - 1)));
    let (received, lost) = share(&run, "media_packets_received");
    assert!(received == 0 && lost > 0, "{received} received, {lost} lost of those that were sent");
    assert_eq!(share(&run, "media_time_carried").0, 0);
}

#[tokio::test]
async fn an_sfu_that_stops_in_the_middle_is_silent_from_there_on_however_well_it_began() {
    // All but one packet in a billion; the path itself stays up.
    let plan = "seed = 7\n[[fault]]\nkind = \"media\"\nloss = 0.999999999\nfrom_s = 3\n";
    let plan = faults::parse(plan, Known { routes: &[], pools: &[] }).expect("a plan");
    let run = go_with(MESH, |config| config.faults = Some(plan)).await;
    let red = red(&run);
    assert!(red.iter().any(|goal| goal == SILENCE), "{red:?}");
    assert!(share(&run, "media_tracks_active").0 > 0, "they did begin");
    let (received, lost) = share(&run, "media_packets_received");
    assert!(received > 0 && lost > 0, "{received} received, {lost} lost of those that were sent");
}

#[tokio::test]
async fn an_address_that_cannot_be_reached_is_the_targets_fault() {
    // Of a network for documentation (RFC 5737): the system sends nothing there from a loopback socket.
    let nowhere = Some(MediaListen { listen: None, advertise: Some(IpAddr::from([192, 0, 2, 1])) });
    let run = go_with(MESH, |config| config.media = nowhere).await;
    assert_eq!(counter(&run, "media_datagrams_unsent"), 0, "no packet was to be sent yet");
    assert_eq!(counter(&run, "media_packets_sent"), 0);
    let red = red(&run);
    assert!(red.iter().any(|goal| goal == ACTIVE), "{red:?}");
}

#[tokio::test]
async fn chat_and_tokens_of_a_mock_that_is_wrong_on_purpose_turn_their_goals_red() {
    let quiet = LiveSession { media: Media::None, ..MESH };
    let expected = [
        (Defect::ForeignTokenAccepted, "another session's token is refused"),
        (Defect::ChatDuplicated, "no message heard twice"),
        (Defect::ChatOrderBroken, "everyone hears the same order"),
    ];
    let all = expected.map(|(defect, _)| go_with(quiet, move |config| config.defects = vec![defect]));
    for (run, (defect, goal)) in futures_util::future::join_all(all).await.iter().zip(expected) {
        let red = red(run);
        assert!(red.iter().any(|red| red == goal), "{}: {red:?}", defect.name());
    }
}
