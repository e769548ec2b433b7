//! How the live session was, as each format tells it.

use expect_test::{expect, expect_file};
use loadgen::run::{LiveAccount, Receiver, Run};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    made::{self, file},
    session::{SAYS, Session, WELL},
};

const DEAF: Session = Session { deaf: 3, disturbed: 2, sfu_short: 1_000, ..WELL };
const NO_MEDIA: Session = Session { media: false, ..WELL };

/// The part of a text from the line `from` to before the line `to`.
fn part(text: &str, from: &str, to: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != from).take_while(|line| *line != to);
    lines.fold(String::new(), |text, line| text + line + "\n")
}

fn text(run: &Run) -> String {
    part(&file(run, "rtc-load_summary.txt"), "joining: p50, p95, max; medians laid end to end", LATENCY)
}

const LATENCY: &str = "latency since due (since sent): p50, p95, p99, max";

#[test]
fn a_session_in_which_all_is_well() {
    expect_file!["live_well.txt"].assert_eq(&text(&WELL.run()));
    let report = file(&WELL.run(), "LOAD_TEST_REPORT.md");
    expect_file!["live_well.md"].assert_eq(&part(&report, "### How was the live session?", "### Latency"));
    let summary = file(&WELL.run(), "SUMMARY_REPORT.md");
    expect_file!["live_brief.md"].assert_eq(&part(&summary, "## The live session", "## Baseline"));
}

#[test]
fn a_session_in_which_some_were_deaf_some_heard_twice_and_the_books_disagree() {
    expect_file!["live_deaf.txt"].assert_eq(&text(&DEAF.run()));
    let report = file(&DEAF.run(), "LOAD_TEST_REPORT.md");
    expect_file!["live_deaf.md"].assert_eq(&part(&report, "### How was the live session?", "### Latency"));
}

#[test]
fn a_session_without_media_says_so_and_shows_no_figure_of_it() {
    expect_file!["live_no_media.txt"].assert_eq(&text(&NO_MEDIA.run()));
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md", "report.html", "rtc-load_summary.txt"] {
        let said = file(&NO_MEDIA.run(), name);
        assert!(said.contains("Media was not measured: participants sent no packets."), "{name}");
        assert!(!said.contains("kbit/s"), "{name}");
    }
}

#[test]
fn one_participant_alone_has_nobody_to_hear() {
    let alone = Session { participants: 1, media: false, ..WELL };
    expect_file!["live_alone.txt"].assert_eq(&text(&alone.run()));
}

#[test]
fn the_drop_rates_stand_side_by_side_and_one_of_them_decides() {
    let report = file(&DEAF.run(), "LOAD_TEST_REPORT.md");
    let rates: Vec<&str> =
        report.lines().skip_while(|line| !line.starts_with("| drop rate")).skip(2).take(3).collect();
    expect![[r"
        | sessions that lost their socket | 2 % | 1 | 50 |
        | participant time lost, of what was planned (this one decides) | 0.1 % | 5 s | 5 000 s |
        | messages lost, of those expected | 0.24 % | 24 | 9 800 |"]]
    .assert_eq(&rates.join("\n"));
    assert_eq!(file(&DEAF.run(), "report.html").matches("this one decides").count(), 1);
}

#[test]
fn only_a_live_session_has_this_part() {
    for (name, text) in loadgen::report::files(&made::good()) {
        assert!(!text.contains("live session"), "{name}");
    }
}

#[test]
fn the_page_draws_the_way_in_and_only_misses_there_were() {
    let well = file(&WELL.run(), "report.html");
    assert_eq!(well.matches("class=\"step\"").count(), 9);
    assert!(well.contains("Everybody heard everything") && !well.contains("class=\"miss\""));
    let deaf = file(&DEAF.run(), "report.html");
    assert_eq!(deaf.matches("class=\"miss\"").count(), 3 * 2);
    assert!(deaf.contains("<title>participant 47 missed 4 of 4 messages of participant 1</title>"));
    let no_media = file(&NO_MEDIA.run(), "report.html");
    assert_eq!(no_media.matches("class=\"step none\"").count(), 4);
}

#[test]
fn of_five_hundred_the_worst_fifty_are_drawn_and_all_are_counted() {
    let run = Session { participants: 500, deaf: 200, ..WELL }.run();
    let page = file(&run, "report.html");
    assert_eq!(page.matches("class=\"miss\"").count(), 50 * 2);
    assert!(page.contains("150 receivers who missed less are not shown."));
    assert!(page.contains(" expected messages were never heard, by 200 participants."));
    let summary = file(&run, "rtc-load_summary.txt");
    assert!(summary.contains("and 1 590 more"), "{summary}");
    let kept = run.to_json().len();
    assert!(kept < 400_000, "run.json has {kept} bytes");
}

fn metrics(run: &Run) -> Value {
    let summary: Value = serde_json::from_str(&file(run, "rtc-load.json")).expect("JSON");
    summary["metrics"].clone()
}

#[test]
fn k6_s_shape_has_what_was_lost_and_what_flowed() {
    let deaf = metrics(&DEAF.run());
    assert_eq!(deaf["sessions_lost"]["values"]["passes"], 1);
    assert_eq!(deaf["participant_time_lost"]["values"]["rate"], 0.001);
    assert_eq!(deaf["messages_lost"]["values"]["passes"], 3 * 2 * SAYS);
    assert_eq!(deaf["media_packets_lost"]["values"]["rate"], 0.02);
    // 500 packets of 100 bytes in 99.9 s, on average.
    let sent = deaf["media_bitrate_sent"]["values"]["value"].as_f64().expect("a number");
    assert!((sent - 400_000.0 / 99.9).abs() < 1e-6, "{sent}");
    for name in ["video_token_latency", "sfu_session_latency", "sfu_tracks_latency", "media_ice"] {
        assert_eq!(deaf[name]["values"]["count"], 50, "{name}");
    }
    let none = metrics(&NO_MEDIA.run());
    for name in ["media_packets_lost", "media_bitrate_sent", "media_ice"] {
        assert!(none.get(name).is_none(), "{name} was not measured");
    }
}

#[test]
fn a_run_of_before_there_was_an_account_still_reads_and_says_what_it_lacks() {
    let mut run = WELL.run();
    let mut older: Value = serde_json::from_str(&run.to_json()).expect("JSON");
    older["scenarios"][0].as_object_mut().expect("an object").remove("live").expect("it was kept");
    run.scenarios[0].live = None;
    assert_eq!(serde_json::from_value::<Run>(older).expect("an older run"), run);
    let said = text(&run);
    assert!(said.contains("Who heard whom was not measured: the run holds no account of it."), "{said}");
    assert!(said.contains("The SFU's own books were not read"), "{said}");
    assert!(!run.to_json().contains("\"live\""), "what is not there is not written");
}

proptest! {
    #[test]
    fn totals_and_the_worst_are_those_of_a_plain_count(
        heard in prop::collection::vec((0..50_u64, 0..50_u64), 0..80),
    ) {
        let receivers = (0..).zip(&heard).map(|(participant, (a, b))| Receiver {
            participant,
            expected: *a.max(b),
            heard: *a.min(b),
            duplicates: 0,
            out_of_order: 0,
            missed_from: Vec::new(),
        });
        let account = LiveAccount { receivers: receivers.collect(), ..LiveAccount::default() };
        let missed = |(a, b): &(u64, u64)| a.abs_diff(*b);
        prop_assert_eq!(account.missed_in_all(), heard.iter().map(missed).sum::<u64>());
        let worst: Vec<u64> = account.worst_first().iter().map(|receiver| receiver.missed()).collect();
        let mut by_hand: Vec<u64> = heard.iter().map(missed).filter(|n| *n > 0).collect();
        by_hand.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(worst, by_hand);
    }
}
