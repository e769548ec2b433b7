//! Stop conditions: how they are written, when they are met, what a stopped run says.

use std::time::Duration;

use engine::{ends::Ends, verdict::Verdict};
use engine::{
    exit::{Exit, Inconclusive},
    goal::{self, Goal},
    record::{Live, Newest, Registry, Standing},
};
use expect_test::expect;
use loadgen::{
    judgement,
    options::Options,
    report,
    run::{NotRun, Run},
    scenarios,
    stops::{Cause, EndedEarly, Stop, Watch},
    suite,
    target::Target,
};

use crate::{
    limits::server::{TOKEN, served},
    report::made,
    stage::WORLD,
};

fn stop(text: &str) -> Stop {
    text.parse().expect("a stop condition")
}

/// A second of a run: requests and failures in it, its p95.
#[derive(Clone, Copy)]
struct Second(u64, u64, u64);

/// The second in which a condition is met, in a run of these.
fn met(text: &str, seconds: &[Second]) -> Option<EndedEarly> {
    let mut watch = Watch::new(&[stop(text)], &[]);
    let (mut requests, mut failed) = (0, 0);
    for (second, &Second(n, bad, p95_ms)) in (0..).zip(seconds) {
        (requests, failed) = (requests + n, failed + bad);
        let time = (n > 0).then(|| Duration::from_millis(p95_ms));
        let done = Newest { rate: n, p50: time, p95: time, p99: time };
        let live = Live { second, requests, failed, done, lateness_p99: time, ..Live::default() };
        // Ten looks a second, as it is.
        if let Some(ended) = (0..10).find_map(|_| watch.look(&live)) {
            return Some(ended);
        }
    }
    None
}

#[test]
fn a_condition_reads_as_it_is_meant() {
    let read = |text: &str| stop(text).to_string();
    assert_eq!(read("errors>1%"), "errors > 1 % for 5 s");
    assert_eq!(read(" p95 > 2000ms :10s"), "p95 > 2 000 ms for 10 s");
    assert_eq!(read("p99>3s:2.5s"), "p99 > 3 000 ms for 2.5 s");
    assert_eq!(read("lateness>0.5ms"), "the load generator's own lateness > 0.5 ms for 5 s");
}

#[test]
fn what_is_no_condition_is_told_what_would_be_one() {
    let told = |text: &str| text.parse::<Stop>().expect_err("it is none").to_string();
    let all = ["p95", "rate<100", "p90>3s", "errors>5", "errors>0%", "p95>2000", "p95>-1s", "errors>1%:now"]
        .map(told);
    expect![[r"
        `p95` is no stop condition: one is FIGURE>LIMIT, such as errors>1%, p95>2000ms or lateness>50ms; add :10s for how long it must hold
        `rate<100`: only `>` stops a run (errors, p50, p95, p99, lateness); how many requests there are is what the plan says, and a plan begins at none
        `p90` is no figure that stops a run: it is one of errors, p50, p95, p99, lateness
        `5` is no share of errors: name it in per cent, above 0 and below 100, such as errors>1%
        `0%` is no share of errors: name it in per cent, above 0 and below 100, such as errors>1%
        `2000` is no time: name it in ms or s, such as 2000ms or 3s
        `-1s` is no time: name it in ms or s, such as 2000ms or 3s
        `now` is no time: name it in ms or s, such as 2000ms or 3s"]].assert_eq(&all.join("\n"));
}

#[test]
fn errors_that_last_end_it_and_errors_that_pass_do_not() {
    let (good, bad) = (Second(100, 0, 10), Second(100, 2, 10));
    let ended = met("errors>1%", &[[good; 3].as_slice(), &[bad; 9]].concat()).expect("they last");
    assert_eq!((ended.second, ended.cause), (7, Cause::Target), "five seconds, the third to the seventh");
    assert_eq!(ended.why, "errors > 1 % for 5 s; last seen: 2 %");
    assert_eq!(met("errors>1%", &[bad, bad, bad, bad, good].repeat(5)), None, "never for five seconds");
    assert_eq!(met("errors>2%", &[bad; 20]), None, "a limit is still allowed");
}

#[test]
fn a_few_requests_stop_nothing_however_bad() {
    let few = Second(1, 1, 9_000);
    assert_eq!(met("errors>1%", &[few; 19]), None);
    let ended = met("errors>1%", &[few; 40]).expect("twenty are enough, however long they took");
    assert_eq!(ended.second, 19);
    let nothing = Second(0, 0, 0);
    let between = [[Second(10, 9, 1); 2].as_slice(), &[nothing; 3], &[Second(10, 9, 1); 2]].concat();
    assert_eq!(met("errors>1%", &between).map(|ended| ended.second), Some(5), "silence is no recovery");
}

#[test]
fn times_that_last_end_it() {
    let slow = Second(50, 0, 2_001);
    assert_eq!(met("p95>2s:3s", &[slow; 9]).map(|ended| ended.second), Some(2));
    let late = met("lateness>50ms", &[slow; 9]).expect("the generator is late");
    assert_eq!((late.second, late.cause), (4, Cause::Generator));
}

#[test]
fn a_lost_goal_ends_its_scenario() {
    let goals = [Goal::exact("no duplicates", goal::never(Registry::new().counter("twice")))];
    let mut watch = Watch::new(&[], &goals);
    let at = |second, bad| Live { second, goals: vec![Standing { n: bad, bad }], ..Live::default() };
    assert_eq!(watch.look(&at(0, 0)), None);
    assert_eq!(watch.look(&at(1, 1)), None, "a second is judged when it is over");
    let ended = watch.look(&at(2, 1)).expect("one is enough");
    assert_eq!((ended.cause, ended.cause.ends_the_run()), (Cause::GoalLost, false));
    assert_eq!(ended.why, "no duplicates is lost whatever comes: 1 of 1 were bad");
    assert_eq!(Watch::new(&[], &[]).look(&at(3, 1)), None, "unless nobody asked for that");
}

fn stopped(cause: Cause) -> Run {
    let mut run = made::good();
    let why = "errors > 1 % for 5 s; last seen: 2 %".to_owned();
    run.scenarios[0].ended_early = Some(EndedEarly { second: 7, cause, why: why.clone() });
    run.scenarios[0].run.interrupted = true;
    run.not_run.push(NotRun {
        name: "rtc-load".into(),
        why: format!("the run was ended in search-load: {why}"),
        left_out: false,
    });
    run
}

#[test]
fn a_stopped_run_says_what_stopped_it_in_its_exit_code_and_everywhere() {
    let run = stopped(Cause::Target);
    assert_eq!(judgement::judge(&run).exit(Inconclusive::Own), Exit::Failed);
    let closing = report::closing(&run);
    for part in [
        "search-load  ABORTED ",
        "aborted in second 7: errors > 1 % for 5 s; last seen: 2 %",
        "rtc-load     NOT RUN       the run was ended in search-load",
        "FAIL: a stop condition ended the run",
    ] {
        assert!(closing.contains(part), "no `{part}` in\n{closing}");
    }
    for name in ["LOAD_TEST_REPORT.md", "report.html", "search-load_summary.txt", "junit.xml"] {
        assert!(made::file(&run, name).contains("aborted in second 7"), "{name}");
    }
    let generator = stopped(Cause::Generator);
    assert_eq!(judgement::judge(&generator).exit(Inconclusive::Own), Exit::Invalid);
    let lost = stopped(Cause::GoalLost);
    assert!(made::file(&lost, "LOAD_TEST_REPORT.md").contains("aborted in second 7"));
    let dir = tempfile::tempdir().expect("a directory");
    assert_eq!(made::there_and_back(&run, dir.path()), run);
}

/// Six seconds of Stripe's burst, of which the server takes little more than the first, then the endpoints.
fn run_with(options: impl FnOnce(Options) -> Options) -> suite::Outcome {
    let out = tempfile::tempdir().expect("a directory");
    let scenarios = ["webhooks-load", "api-load"].map(|name| scenarios::find(name).expect("it exists"));
    let base = Options {
        scenarios: scenarios.to_vec(),
        time_scale: 0.6,
        world: *WORLD,
        admin_token: Some(TOKEN.to_owned()),
        out: out.path().to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        ..Options::new(Target::parse(&served()).expect("a loopback origin"))
    };
    suite::run(&options(base), &Ends::new()).expect("the server is there")
}

#[test]
fn a_run_ends_when_its_target_meets_a_condition() {
    let abort_on = vec![stop("errors>50%:1s")];
    let outcome = run_with(|base| Options { abort_on, ..base });
    let [burst] = &outcome.run.scenarios[..] else {
        panic!("one scenario was run: {:?}", outcome.run.not_run)
    };
    let ended = burst.ended_early.as_ref().expect("it was ended");
    assert_eq!(ended.cause, Cause::Target);
    assert!(
        burst.run.interrupted && burst.run.flows[0].tally.cut_short > 0,
        "{:?}",
        burst.run.flows[0].tally
    );
    assert_eq!(outcome.run.not_run.iter().map(|left| left.name.as_str()).collect::<Vec<_>>(), ["api-load"]);
    assert!(!outcome.run.interrupted);
    assert_eq!(outcome.judgement.exit(Inconclusive::Own), Exit::Failed);
}

#[test]
fn a_scenario_ends_when_a_goal_is_lost_and_the_goal_is_missed() {
    let outcome =
        run_with(|base| Options { abort_early: true, scenarios: base.scenarios[..1].to_vec(), ..base });
    let burst = &outcome.run.scenarios[0];
    let ended = burst.ended_early.as_ref().expect("it was ended");
    assert_eq!(ended.cause, Cause::GoalLost);
    assert!(burst.run.flows[0].tally.cut_short > 0, "{:?}", burst.run.flows[0].tally);
    let goals = &outcome.judgement.scenarios[0].goals;
    let lost = goals.iter().find(|judged| ended.why.starts_with(&judged.goal.name)).expect("it is named");
    assert_eq!(lost.verdict, Verdict::Fail);
    assert_eq!(outcome.judgement.exit(Inconclusive::Own), Exit::Failed);
}
