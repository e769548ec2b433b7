//! Real browsers beside page-load's crowd: what is planned, and what becomes of LCP without them.

use std::{
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use engine::{
    goal::{Goal, Standing},
    load::Load,
};
use loadgen::{
    browser::{Browsing, Company, Source, Throttle},
    digest,
    scenario::{Plan, Scope},
    scenarios,
};

use crate::scopes::{full, plan, quick, smoke};

fn with_browsers(scope: Scope, visitors: u64) -> Scope {
    let company = Company {
        visitors,
        source: Source::Running("http://127.0.0.1:1".to_owned()),
        throttle: Throttle::None,
        required: false,
        own_roots: false,
        hosts: Vec::new(),
    };
    Scope { browsing: Browsing::Some(Arc::new(company)), ..scope }
}

/// The goals that take a real browser.
fn in_browsers(plan: &Plan) -> Vec<&Goal> {
    plan.goals.iter().filter(|goal| goal.name.starts_with("LCP")).collect()
}

#[test]
fn as_many_visit_all_the_time_as_are_asked_for() {
    for (scope, seconds) in [(full(), 898.5), (smoke(), 11.5)] {
        let plan = plan("page-load", &with_browsers(scope, 3));
        let [beside] = &plan.beside[..] else { panic!("one flow: {:?}", plan.beside) };
        let Load::Visitors(heads) = &beside.load else { panic!("a closed loop: {:?}", beside.load) };
        assert_eq!((heads.seats(), heads.height(0.0)), (3, 3.0));
        assert!((heads.duration() - seconds).abs() < 0.5, "no visit begins right before the end");
        assert!(beside.linger >= Duration::from_secs(17), "slow ones are waited for");
        assert_eq!(plan.flows.len(), 1);
        assert!(beside.ends_at() < plan.flows[0].ends_at(), "nothing gets longer");
    }
}

#[test]
fn their_goals_can_be_judged_at_full_with_two_of_them() {
    let planned = |scope, visitors| {
        let plan = plan("page-load", &with_browsers(scope, visitors));
        in_browsers(&plan).iter().map(|goal| (goal.planned, goal.judged())).collect::<Vec<_>>()
    };
    assert_eq!(planned(smoke(), 2), [(5, false), (5, false)]);
    assert_eq!(planned(quick(), 2), [(22, false), (22, false)]);
    assert_eq!(planned(full(), 2), [(342, true), (342, true)]);
    for goal in &plan("page-load", &with_browsers(full(), 2)).goals {
        assert!(goal.judged() && goal.standing == Standing::Applies, "{}", goal.name);
    }
}

#[test]
fn without_them_lcp_is_not_measured_and_says_why() {
    let nobody = Scope { browsing: Browsing::Nobody("no browser was found".into()), ..smoke() };
    let plan = plan("page-load", &nobody);
    assert!(plan.beside.is_empty());
    assert_eq!(in_browsers(&plan).len(), 2);
    for goal in in_browsers(&plan) {
        assert_eq!(goal.standing, Standing::NotMeasured("no browser was found".to_owned()));
    }
}

#[test]
fn the_crowd_is_the_same_with_them_or_without() {
    let alone = plan("page-load", &smoke());
    let together = plan("page-load", &with_browsers(smoke(), 2));
    assert_eq!(alone.registry, together.registry, "several processes record parts of one run");
    assert_eq!(alone.flows, together.flows);
    assert_eq!(
        (alone.needs.requests, alone.needs.load_users),
        (together.needs.requests, together.needs.load_users)
    );
    let claims = |plan: &Plan| plan.goals.iter().map(|goal| goal.claim.clone()).collect::<Vec<_>>();
    assert_eq!(claims(&alone), claims(&together));
    let [alone, together]: [Vec<String>; 2] = [&alone, &together].map(|plan| plan.script.intents().collect());
    assert_eq!(alone, together[..alone.len()], "the crowd asks the same");
    assert!(together[alone.len()..].iter().all(|line| line.starts_with("browser ")), "{:?}", together.last());
}

#[test]
fn one_seed_sends_browsers_to_the_same_pages() {
    let digest = |seed| {
        let plan = plan("page-load", &with_browsers(Scope { seed, ..smoke() }, 2));
        digest::of_plan("page-load", &plan)
    };
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn one_visitor_alone_has_no_browser_beside() {
    let scenario = scenarios::find("page-load").expect("it is known");
    let baseline = scenario.baseline(&with_browsers(full(), 2), Duration::from_mins(1));
    assert!(baseline.expect("it has one").beside.is_empty());
}

#[test]
fn goals_are_not_measured_when_no_browser_was_ever_started() {
    let plan = plan("page-load", &with_browsers(full(), 2));
    let mut goals = plan.goals.clone();
    plan.script.review(&mut goals);
    for (before, after) in plan.goals.iter().zip(&goals) {
        match &after.standing {
            Standing::NotMeasured(why) => {
                assert!(after.name.starts_with("LCP") && why.starts_with("no real browser visited"), "{why}");
            }
            _ => assert_eq!(before, after),
        }
    }
    assert_eq!(goals.iter().filter(|goal| matches!(goal.standing, Standing::NotMeasured(_))).count(), 2);
    assert_eq!(plan.script.browsed(), None);
}

/// `loadgen` where no Chromium is in reach.
fn loadgen(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.env("CHROME", "/nonexistent/chromium").env("PATH", "/nonexistent");
    command.args(args).output().expect("the binary runs")
}

fn refused(args: &[&str]) -> String {
    let output = loadgen(args);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "nothing is said where results go");
    said
}

#[test]
fn a_browser_that_must_be_there_and_is_not_is_a_usage_error() {
    let out = tempfile::tempdir().expect("a directory");
    let dir = out.path().join("results");
    let out = dir.display().to_string();
    // Nobody listens there, and nobody is asked.
    let run = ["run", "--scenario", "page-load", "--target", "http://127.0.0.1:1", "--out", &out];
    for browsers in [["--browsers", "required"], ["--browsers", "3"]] {
        let said = refused(&[&run[..], &browsers].concat());
        assert!(said.contains("/nonexistent/chromium") && !said.contains("not reachable"), "{said}");
    }
    assert!(!dir.exists(), "nothing is left behind");
}

#[test]
fn what_was_typed_wrong_of_browsers_is_said_with_what_there_is() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["plan", "--browsers", "many"], &["`many`", "auto, required, 0 to 16"]),
        (&["run", "--browsers", "17"], &["`17`", "0 to 16"]),
        (&["run", "--browser-at", "http://192.0.2.1:9222"], &["192.0.2.1", "only a browser of this machine"]),
        (&["run", "--browser-host", "https://cdn.example/a"], &["`https://cdn.example/a`", "a host's name"]),
        (&["run", "--throttle", "5g"], &["`5g`", "none, cable, slow-4g, 3g"]),
        (
            &["plan", "--browsers", "0", "--browser-at", "http://127.0.0.1:9222"],
            &["--browser-at", "--browsers 0"],
        ),
    ];
    for (args, words) in cases {
        let said = refused(args);
        assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {said}");
    }
}

#[test]
fn hosts_beside_the_target_s_are_confirmed_as_every_host_is() {
    let at = |host: &[&str]| {
        let run = ["run", "--scenario", "page-load", "--target", "http://127.0.0.1:1", "--browser-host"];
        let output = loadgen(&[&run[..], host].concat());
        assert_eq!(output.status.code(), Some(3), "nobody listens there, and nobody is asked");
        String::from_utf8(output.stderr).expect("text")
    };
    let said = at(&["fonts.gstatic.com"]);
    assert!(said.contains("--confirm fonts.gstatic.com"), "{said}");
    let said = at(&["cdn.example", "--confirm", "cdn.example"]);
    assert!(said.contains("cdn.example is refused") && said.contains("fonts.gstatic.com"), "{said}");
}

#[test]
fn a_plan_says_which_browsers_visit() {
    let plan = |args: &[&str]| {
        let output = loadgen(&[&["plan", "--preset", "full", "--scenario", "page-load"], args].concat());
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).expect("text")
    };
    let attached = plan(&["--browser-at", "http://127.0.0.1:9222", "--throttle", "cable"]);
    for phrase in ["2 real browsers beside them: at least 342 page views", "throttled: cable"] {
        assert!(attached.contains(phrase), "no `{phrase}` in\n{attached}");
    }
    let nobody = plan(&["--browsers", "0"]);
    assert!(nobody.contains("LCP p95: not measured") && !nobody.contains("beside them"), "{nobody}");
}

#[test]
fn a_limit_has_no_browsers() {
    let said = refused(&["limit", "--scenario", "page-load", "--browsers", "2"]);
    assert!(said.contains("unexpected argument '--browsers'"), "{said}");
}
