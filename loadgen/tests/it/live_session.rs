//! rtc-load as it is planned.

use crate::scopes::{full, plan, quick, smoke};

/// Times of chat messages by participant, in milliseconds since they were due.
fn chats(scope: &loadgen::scenario::Scope) -> Vec<Vec<u64>> {
    let plan = plan("rtc-load", scope);
    let lines = plan.script.intents();
    lines
        .map(|line| {
            let inside = line.split(['[', ']']).nth(1).expect("a list").to_owned();
            inside.split(", ").map(|ms| ms.parse().expect("milliseconds")).collect()
        })
        .collect()
}

#[test]
fn fifty_people_come_over_a_minute_and_chat_five_times_a_minute() {
    let plan = plan("rtc-load", &full());
    assert_eq!(plan.flows[0].load.planned_starts(), 50);
    assert!((plan.flows[0].load.curve().duration() - 60.0).abs() < 1e-9);
    for times in chats(&full()) {
        assert!((53..=55).contains(&times.len()), "{} messages in eleven minutes", times.len());
        assert!(times.windows(2).all(|pair| (11_990..=12_010).contains(&(pair[1] - pair[0]))));
    }
}

#[test]
fn smoke_has_one_message_early_and_one_late() {
    for times in chats(&smoke()) {
        assert_eq!(times.len(), 2);
        assert!(times[0] < 8_250 && times[1] > 8_250 && times[1] < 16_500, "{times:?}");
    }
}

#[test]
fn nobody_exceeds_thirty_messages_a_minute() {
    for scope in [smoke(), quick(), full()] {
        for times in chats(&scope) {
            for (i, from) in times.iter().enumerate() {
                let within = times[i..].iter().take_while(|at| **at - from <= 60_000).count();
                assert!(within <= 30, "{within} messages within a minute");
            }
        }
    }
}

#[test]
fn phases_are_spread() {
    let mut firsts: Vec<u64> = chats(&full()).iter().map(|times| times[0] % 12_000).collect();
    firsts.sort_unstable();
    assert!(firsts.windows(2).all(|pair| pair[1] - pair[0] < 800), "{firsts:?}");
}
