//! What the suite tells, and what comes of it: the log and the stream.

use std::{
    fs,
    thread::{self, JoinHandle},
    time::Duration,
};

use engine::{
    clock,
    record::{Collector, Ending, Live, Plan, Registry},
    run::ScenarioRun,
};
use loadgen::watch::{
    LOG, Screen, Wish,
    stream::{Entry, Event},
    web::Door,
};
use tempfile::TempDir;

use super::{
    made::{goals, live, planned, run},
    web::Follower,
};

/// A screen that says nothing, with a page, and somebody who follows it to its end, from the beginning.
fn screen() -> (TempDir, Screen, JoinHandle<Vec<Entry>>) {
    let dir = tempfile::tempdir().expect("a directory");
    let door = Door::open("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let url = door.url();
    let wish = Wish { quiet: true, ..Wish::default() };
    let screen = Screen::new(dir.path(), &wish, Some(door), run()).expect("it can be opened");
    let follower = Follower::new(&url, None);
    (dir, screen, thread::spawn(move || follower.collect()))
}

/// A scenario that is over, having done nothing.
fn nothing_done() -> ScenarioRun {
    let collector = Collector::start(Plan::new("search-load", Registry::new(), Vec::new(), Vec::new()));
    let epoch = clock::now();
    collector.finish(Ending {
        started: clock::wall(),
        epoch,
        ended: epoch + Duration::from_millis(1_500),
        interrupted: false,
        workers: 1,
        flows: Vec::new(),
        lost: Vec::new(),
    })
}

fn short(entry: &Entry) -> String {
    match &entry.event {
        Event::RunBegan(run) => format!("run began, page {}", run.web.is_some()),
        Event::Said { text } => format!("said {text}"),
        Event::ScenarioBegan(card) => format!("{} began, {} goals", card.planned.name, card.goals.len()),
        Event::LoadBegan => "load began".into(),
        Event::Second { live } => format!("second {}", live.second),
        Event::ScenarioEnded(end) => format!("{} ended, {:?}", end.name, end.verdict),
        Event::RunEnded(end) => format!("run ended: {}", end.answer),
    }
}

#[test]
fn a_second_is_told_once_and_when_it_is_over() {
    let (dir, screen, follower) = screen();
    screen.say("hello");
    screen.begin(planned("search-load", 1.4), &goals());
    let warming = Live::default();
    let half = Live { requests: 7, ..live(1) };
    for live in [&warming, &live(0), &live(0), &half, &live(1), &live(2)] {
        screen.update(live);
    }
    screen.end(&nothing_done(), false);
    screen.finish("PASS: every goal that was judged held", dir.path());
    let entries = follower.join().expect("it reads");
    let told: Vec<String> = entries.iter().map(short).collect();
    assert_eq!(
        told,
        [
            "run began, page true",
            "said hello",
            "search-load began, 9 goals",
            "load began",
            "second 0",
            "second 1",
            "second 2",
            "search-load ended, None",
            "run ended: PASS: every goal that was judged held",
        ]
    );
    let of_second_1 = entries.iter().find_map(|entry| match &entry.event {
        Event::Second { live } if live.second == 1 => Some(live.as_ref().clone()),
        _ => None,
    });
    assert_eq!(of_second_1, Some(live(1)), "as it stood when it was over");
    assert!(entries.is_sorted_by_key(|entry| (entry.id, entry.at_ms)));
}

#[test]
fn the_log_has_what_was_said_and_begins_and_ends() {
    let (dir, screen, _follower) = screen();
    screen.say("hello");
    screen.begin(planned("search-load", 1.4), &goals());
    screen.update(&live(0));
    screen.end(&nothing_done(), false);
    drop(screen);
    let log = fs::read_to_string(dir.path().join(LOG)).expect("a log");
    let lines: Vec<&str> = log.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    assert_eq!(lines, ["hello", "search-load: 2 s", "search-load: 0 requests in 1.5 s, 0 failed"]);
}

#[test]
fn a_run_that_breaks_off_says_so() {
    let (_dir, screen, follower) = screen();
    drop(screen);
    let told: Vec<String> = follower.join().expect("it reads").iter().map(short).collect();
    assert_eq!(told, ["run began, page true", "run ended: the run broke off"]);
}

#[test]
fn what_a_target_said_controls_neither_the_terminal_nor_a_workflow() {
    let (dir, screen, _follower) = screen();
    screen.say("it says: \u{1b}[2J\u{1b}]0;owned\u{7}\n::error::owned");
    drop(screen);
    let log = fs::read_to_string(dir.path().join(LOG)).expect("the log");
    assert!(log.contains("it says:  [2J ]0;owned \n: :error::owned"), "{log:?}");
}
