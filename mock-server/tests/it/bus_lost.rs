//! What a shared session survives: its Redis, and a server.

use std::time::Duration;

use contract::ws::ServerFrame;
use serde_json::Value;

use crate::bus::on;
use crate::live::{Client, SESSION, join, text};
use crate::program::started;
use crate::redis_server::{self, RedisServer};
use crate::rig::{ADMIN_TOKEN, Rig};

/// How long something that has to come may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is asked for.
const EVERY: Duration = Duration::from_millis(50);

/// Asks a server whether its bus answers, until it says so.
async fn until_it_answers(server: &Rig, answers: bool) {
    let asking = async {
        loop {
            let state = server.admin("GET", "/__admin/bus").send().await.expect("an answer");
            let state: Value = state.json().await.expect("JSON");
            if state["bus"]["answers"] == answers {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it says so");
}

#[tokio::test]
async fn without_redis_everybody_is_told_and_with_it_they_go_on() {
    let mut redis = RedisServer::start();
    let servers = [on(&redis.bus()).await, on(&redis.bus()).await];
    let [mut ann, mut ben] =
        [Client::enter(&servers[0], "ann").await, Client::enter(&servers[1], "ben").await];
    ann.say("before").await;
    assert_eq!(ben.next_chat().await, (1, "before".to_owned()));
    redis.stop();
    for server in &servers {
        until_it_answers(server, false).await;
        let (status, refused) = join(server, SESSION, "eve").await;
        assert_eq!(status, 503, "{refused}");
        assert!(refused.to_string().contains("bus does not answer, try again"), "{refused}");
    }
    assert_eq!(ann.next_chat().await.0, 1);
    ann.say("in between").await;
    assert!(ann.next_error().await.contains("bus does not answer, try again"));
    redis.start_again();
    for server in &servers {
        until_it_answers(server, true).await;
    }
    // The log was lost, what the servers know of the session was not.
    ben.say("after").await;
    for person in [&mut ann, &mut ben] {
        assert_eq!(person.next_chat().await, (2, "after".to_owned()));
    }
    let mut eve = Client::enter(&servers[0], "eve").await;
    eve.say("and on").await;
    for person in [&mut ann, &mut ben, &mut eve] {
        assert_eq!(person.next_chat().await, (3, "and on".to_owned()));
    }
    for server in &servers {
        assert!(server.audit_holds().await);
    }
}

#[tokio::test]
async fn a_killed_server_takes_its_own_people_along_and_nothing_else() {
    let redis = RedisServer::start();
    let survivor = on(&redis.bus()).await;
    let url = redis.url();
    let args = ["--port=0", "--world", "--exit-with-parent", "--admin-token", ADMIN_TOKEN, "--bus", &url];
    let (mut child, _out, address, _) = started(&args);
    let killed = Rig::at(address.parse().expect("an address"));
    let mut ann = Client::enter(&survivor, "ann").await;
    let (_, joined) = join(&killed, SESSION, "ben").await;
    let mut ben = Client::open(&killed, SESSION, "ben", text(&joined, "ws_token")).await;
    assert!(matches!(ben.next().await, ServerFrame::Welcome { participants: 2, .. }));
    assert!(matches!(ann.next().await, ServerFrame::ParticipantJoined { participants: 2, .. }));
    ben.say("about to go").await;
    assert_eq!(ann.next_chat().await.0, 1);
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    // Nobody else notices but by being told, once; meanwhile and afterwards they talk.
    ann.say("still here").await;
    assert_eq!(ann.next_chat().await.0, 2);
    let told = tokio::time::timeout(PATIENCE, ann.next()).await.expect("it is told");
    let expected = text(&joined, "participant_id");
    assert!(
        matches!(&told, ServerFrame::ParticipantLeft { participant_id, participants: 1 } if participant_id == expected),
        "{told:?}"
    );
    // The token is as good at the survivor.
    let mut ben = Client::open(&survivor, SESSION, "ben", text(&joined, "ws_token")).await;
    assert!(matches!(ben.next().await, ServerFrame::Welcome { participants: 2, .. }));
    assert!(matches!(ann.next().await, ServerFrame::ParticipantJoined { participants: 2, .. }));
    ben.say("back").await;
    for person in [&mut ann, &mut ben] {
        assert_eq!(person.next_chat().await, (3, "back".to_owned()));
    }
    assert!(survivor.audit_holds().await);
}

#[tokio::test]
async fn a_bus_that_was_never_there_holds_nobody_up() {
    let bus = redis_server::nowhere();
    let rig = on(&bus).await;
    assert_eq!(join(&rig, SESSION, "ann").await.0, 503);
    assert_eq!(Client::open(&rig, SESSION, "ann", "nonsense").await.close_code().await, 1013);
    assert_eq!(rig.get("/health").send().await.expect("an answer").status(), 200);
}
