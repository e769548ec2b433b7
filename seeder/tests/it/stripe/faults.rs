//! What goes wrong: it is survived or told, never swallowed, and a second run completes.

use std::time::Duration;

use super::server::{Fault, Server};
use super::{HURRIED, Manners, Site, world};

/// The same faults wherever they strike: survived within one run, and nothing is there twice.
async fn survives(fault: Fault, times: usize) {
    for on in ["POST /v1/products", "POST /v1/prices", "POST /v1/customers", "POST /v1/subscriptions"] {
        let site = Site::new().await;
        site.server.misbehave(on, 1, times, fault);
        site.apply(world(60)).await;
        site.holds(world(60)).await;
    }
}

#[tokio::test]
async fn a_fault_before_the_effect_is_survived() {
    survives(Fault::FailsBefore, 1).await;
}

#[tokio::test]
async fn a_fault_after_the_effect_makes_no_second_object() {
    survives(Fault::FailsAfter, 1).await;
}

#[tokio::test]
async fn a_connection_cut_after_the_effect_makes_no_second_object() {
    survives(Fault::CutAfter, 2).await;
}

#[tokio::test]
async fn a_storm_of_429_is_waited_out() {
    survives(Fault::TooMany, 5).await;
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up_and_sent_again() {
    let manners = Manners { patience: Duration::from_millis(300), ..HURRIED };
    let site = Site::at(Server::quick().await, manners).await;
    site.server.misbehave("POST /v1/customers", 2, 3, Fault::Hangs);
    site.apply(world(60)).await;
    site.holds(world(60)).await;
}

#[tokio::test]
async fn a_refused_key_stops_everything_at_once() {
    for (fault, said) in
        [(Fault::Unauthorized, "Invalid API Key"), (Fault::Forbidden, "required permissions")]
    {
        let site = Site::new().await;
        site.server.misbehave("POST /v1/customers", 5, usize::MAX, fault);
        let error = site.try_to_apply(world(200)).await.expect_err("the key is refused");
        assert_eq!(error.exit_code(), 3);
        let told = error.to_string();
        for part in [said, "req_8kPBJxEYzHtXGM", "By then 11 objects were created", "in the ledger"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("4eC39HqLyjWDarjtT1zdp7dc"), "{told}");
        let refused = site.server.calls().iter().filter(|call| call.path == "/v1/customers").count() - 5;
        assert!(refused <= 8, "{refused} were sent though the first was refused");
        site.server.behave();
        site.apply(world(200)).await;
        site.holds(world(200)).await;
    }
}

#[tokio::test]
async fn what_never_ends_is_given_up_and_a_second_run_completes() {
    for fault in [Fault::FailsBefore, Fault::TooMany, Fault::CutAfter] {
        let site = Site::new().await;
        site.server.misbehave("POST /v1/subscriptions", 3, usize::MAX, fault);
        let error = site.try_to_apply(world(120)).await.expect_err("it never ends").to_string();
        assert!(
            error.contains("making subscription/") && error.contains("Run the same command again"),
            "{error}"
        );
        let sent = site.server.calls().iter().filter(|call| call.path == "/v1/subscriptions").count();
        assert!(sent < 3 + 8 * 20, "{sent} calls: the tries are bounded");
        site.server.behave();
        site.apply(world(120)).await;
        site.holds(world(120)).await;
    }
}

#[tokio::test]
async fn a_server_that_always_fails_after_the_effect_is_seen_through() {
    let site = Site::new().await;
    site.server.misbehave("POST /v1/", 0, usize::MAX, Fault::FailsAfter);
    site.apply(world(60)).await;
    site.server.behave();
    site.holds(world(60)).await;
}

#[tokio::test]
async fn taking_away_survives_faults_too() {
    for fault in [Fault::FailsBefore, Fault::FailsAfter, Fault::TooMany, Fault::CutAfter] {
        let site = Site::new().await;
        site.apply(world(60)).await;
        for on in
            ["DELETE /v1/subscriptions", "DELETE /v1/customers", "POST /v1/prices", "DELETE /v1/products"]
        {
            site.server.misbehave(on, 1, 2, fault);
        }
        site.destroy().await;
        assert_eq!(site.ledger.count().await, (0, 0));
        let account = site.server.account();
        assert_eq!((account.customers.len(), account.running().len(), account.on_sale()), (0, 0, 0));
    }
}

#[tokio::test]
async fn nobody_there_is_told_as_such() {
    let site = Site::new().await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", free.local_addr().expect("it is bound"));
    drop(free);
    let mut elsewhere = site;
    elsewhere.server.url = url;
    let error = elsewhere.try_to_apply(world(20)).await.expect_err("nobody answers").to_string();
    assert!(error.contains("Is it running") && error.contains("By then 0 objects were created"), "{error}");
}
