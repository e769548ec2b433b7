//! Live sessions that two servers share over a real Redis.

use contract::rtc::DEFAULT_CAPACITY;
use contract::ws::{CHATS_PER_MINUTE, ServerFrame};
use mock_server::BusAddress;

use crate::live::{Client, SESSION, join, leave, text, video_token};
use crate::redis_server::{self, RedisServer};
use crate::rig::Rig;

/// A server on this bus.
pub(crate) async fn on(bus: &BusAddress) -> Rig {
    Rig::with(|config| config.bus = Some(bus.clone())).await
}

/// Two servers on one bus.
async fn two() -> [Rig; 2] {
    let bus = redis_server::bus();
    [on(&bus).await, on(&bus).await]
}

/// Everybody says something, in turn and for some rounds; what each heard.
async fn talk(people: &mut [Client], rounds: usize) -> Vec<Vec<(u64, String)>> {
    for round in 0..rounds {
        for (n, person) in people.iter_mut().enumerate() {
            person.say(&format!("{n} says {round}")).await;
        }
    }
    let messages = people.len() * rounds;
    let mut heard = Vec::new();
    for person in people {
        let mut chats = Vec::new();
        for _ in 0..messages {
            chats.push(person.next_chat().await);
        }
        heard.push(chats);
    }
    heard
}

fn all_the_same(heard: &[Vec<(u64, String)>], first: u64) {
    let numbers: Vec<u64> = heard[0].iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (first..first + numbers.len() as u64).collect::<Vec<_>>());
    for chats in heard {
        assert_eq!(chats, &heard[0]);
    }
}

#[tokio::test]
async fn everyone_at_both_servers_hears_every_message_once_in_one_order() {
    let bus = redis_server::bus();
    let servers = [on(&bus).await, on(&bus).await];
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(Client::enter(&servers[n % 2], &format!("user-{n}")).await);
    }
    all_the_same(&talk(&mut people, 2).await, 1);
    // Who comes later, at a server that was not there before, is one more of them.
    let late = on(&bus).await;
    let (_, joined) = join(&late, SESSION, "late").await;
    assert_eq!(joined["participants"], 21);
    people.push(Client::enter(&late, "late").await);
    people[0].say("welcome").await;
    for person in &mut people {
        assert_eq!(person.next_chat().await, (41, "welcome".to_owned()));
    }
    for server in servers.iter().chain([&late]) {
        assert!(server.audit_holds().await);
    }
}

#[tokio::test]
async fn a_session_takes_as_many_as_it_has_places_wherever_they_join() {
    let servers = two().await;
    for n in 0..DEFAULT_CAPACITY {
        let (status, joined) = join(&servers[n as usize % 2], SESSION, &format!("user-{n}")).await;
        assert_eq!((status, joined["participants"].as_u64()), (200, Some(u64::from(n) + 1)));
    }
    for server in &servers {
        assert_eq!(join(server, SESSION, "one too many").await.0, 409);
    }
    leave(&servers[0], "user-1").await;
    assert_eq!(join(&servers[1], SESSION, "one too many").await.0, 200);
}

#[tokio::test]
async fn tokens_of_one_server_are_good_at_the_other() {
    let [here, there] = two().await;
    let (_, joined) = join(&here, SESSION, "ann").await;
    let mut ann = Client::open(&there, SESSION, "ann", text(&joined, "ws_token")).await;
    assert!(matches!(ann.next().await, ServerFrame::Welcome { participants: 1, .. }));
    let access = text(&joined, "access_token");
    let (status, video) = video_token(&there, SESSION, Some(access)).await;
    assert_eq!(status, 200, "{video}");
    // Known over there once something else that happened later is.
    assert_eq!(video_token(&here, SESSION, Some("nonsense")).await.0, 401);
    let session = here.post(&format!("{}/sessions/new", text(&video, "sfu_url")), &serde_json::json!({}));
    let session = session.bearer_auth(text(&video, "video_token")).send().await.expect("an answer");
    assert_eq!(session.status(), 201);
    leave(&here, "ann").await;
    assert_eq!(ann.close_code().await, 1000);
    assert_eq!(video_token(&here, SESSION, Some(access)).await.0, 401);
}

#[tokio::test]
async fn whoever_comes_again_elsewhere_is_replaced_and_keeps_their_limit() {
    let [here, there] = two().await;
    let mut ann = Client::enter(&here, "ann").await;
    for n in 1..=CHATS_PER_MINUTE {
        ann.say("osu").await;
        assert_eq!(ann.next_chat().await.0, n as u64);
    }
    let mut again = Client::enter(&there, "ann").await;
    assert_eq!(ann.close_code().await, 4409);
    again.say("osu").await;
    assert!(again.next_error().await.contains("Rate limit"));
}

#[tokio::test]
async fn a_reset_at_one_server_empties_the_session_at_both() {
    let [here, there] = two().await;
    let mut ann = Client::enter(&here, "ann").await;
    let mut ben = Client::enter(&there, "ben").await;
    ben.say("osu").await;
    ben.next_chat().await;
    let reset = here.admin("POST", "/__admin/reset-load").send().await.expect("an answer");
    assert!(reset.status().is_success());
    assert_eq!([ann.close_code().await, ben.close_code().await], [1012, 1012]);
    let mut ben = Client::enter(&there, "ben").await;
    ben.say("from the start").await;
    assert_eq!(ben.next_chat().await.0, 1);
    assert!(here.audit_holds().await && there.audit_holds().await);
}

#[tokio::test]
async fn what_a_subscription_did_not_bring_is_filled() {
    let redis = RedisServer::start();
    let servers = [on(&redis.bus()).await, on(&redis.bus()).await];
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(Client::enter(&servers[n % 2], &format!("user-{n}")).await);
    }
    let mut said = 0;
    // Whether something is said just when a server does not listen is chance: again, until both had something to fill.
    while filled(&servers[0]).await == 0 || filled(&servers[1]).await == 0 {
        let rounds = talk(&mut people, 2);
        let (heard, ()) = tokio::join!(rounds, redis.cut_subscriptions());
        all_the_same(&heard, said + 1);
        said += heard[0].len() as u64;
    }
    for server in &servers {
        assert!(server.audit_holds().await);
        assert!(counted(server, "mock_bus_delivered_total").await >= said);
        assert!(counted(server, "mock_bus_published_total").await >= said / 2);
    }
}

async fn filled(server: &Rig) -> u64 {
    counted(server, "mock_bus_filled_total").await
}

/// A counter of a server's metrics.
async fn counted(server: &Rig, name: &str) -> u64 {
    let metrics = server.get("/metrics").send().await.expect("an answer").text().await.expect("text");
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
    line.trim().parse().expect("a number")
}

#[tokio::test]
async fn a_mock_alone_has_no_bus() {
    let rig = Rig::start().await;
    let bus = rig.admin("GET", "/__admin/bus").send().await.expect("an answer");
    assert_eq!(bus.json::<serde_json::Value>().await.expect("JSON")["bus"], serde_json::Value::Null);
    for wrong in
        ["http://127.0.0.1", "rediss://127.0.0.1", "redis://127.0.0.1?protocol=3", "redis://h?prefix="]
    {
        assert!(wrong.parse::<BusAddress>().is_err(), "{wrong}");
    }
    for cut_short in ["redis://:hunt?er2@127.0.0.1", "redis://:hunt/er2@127.0.0.1", "redis://:er2@h?prefix=é"]
    {
        let said = cut_short.parse::<BusAddress>().expect_err("it is none").to_string();
        assert!(!said.contains("er2"), "{said}");
    }
}
