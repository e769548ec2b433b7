//! Targets that are there and are wrong: each gets a sentence and an exit code.

use crate::command::{Ran, seed_from_async};
use crate::fake::{Fault, TOKEN, serve};

async fn seed_against(fault: Fault, token: &str) -> Ran {
    let url = serve(fault).await;
    let size = ["--users=200", "--instructors=10", "--events=30", "--content=300"];
    let place = ["--environment=mock", "--url", &url, "--admin-token", token];
    seed_from_async(&[&place[..], &size[..]].concat()).await
}

#[tokio::test]
async fn a_target_that_says_it_is_something_else_is_refused() {
    seed_against(Fault::SaysStaging, TOKEN)
        .await
        .fails_with(3, &["environment `staging`", "Nothing was written"]);
    seed_against(Fault::AnswersWithAPage, TOKEN).await.fails_with(3, &["does not say that it is a mock"]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    seed_against(Fault::Redirects, TOKEN).await.fails_with(3, &["307", "Nothing was written"]);
}

#[tokio::test]
async fn a_wrong_token_is_noticed_before_a_row_is_sent() {
    let ran = seed_against(Fault::Miscounts, "another-token").await;
    ran.fails_with(3, &["refused the admin token", "The admin token is another"]);
    assert!(!ran.stderr.contains("seeding the mock"), "{ran:#?}");
}

#[tokio::test]
async fn a_refused_world_is_reported_with_the_line_it_was_refused_for() {
    seed_against(Fault::RefusesALine, TOKEN).await.fails_with(
        3,
        &["refused the world (400)", "line 17: rsvp refers to event `evt_x`", "nothing was half-applied"],
    );
}

#[tokio::test]
async fn an_early_refusal_ends_the_command() {
    // Whether the answer or the closed connection is seen first is the network's choice; either is reported.
    let ran = seed_against(Fault::RefusesAtOnce, TOKEN).await;
    ran.fails_with(3, &["error: "]);
    assert!(
        ran.stderr.contains("A world is being loaded already") || ran.stderr.contains("nothing was applied"),
        "{ran:#?}"
    );
}

#[tokio::test]
async fn a_connection_cut_under_the_rows_says_that_nothing_was_applied() {
    seed_against(Fault::HangsUp, TOKEN)
        .await
        .fails_with(3, &["broke after", "nothing was applied", "run the same command again"]);
}

#[tokio::test]
async fn other_numbers_than_sent_are_a_failure() {
    seed_against(Fault::Miscounts, TOKEN).await.fails_with(99, &["member 220 sent, 1 accepted"]);
}

#[tokio::test]
async fn an_unreadable_answer_is_a_failure() {
    seed_against(Fault::Babbles, TOKEN).await.fails_with(3, &["something unreadable"]);
}
