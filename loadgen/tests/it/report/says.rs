//! What a report says, whichever format one reads.

use std::time::Duration;

use engine::exit::{Exit, Inconclusive};
use expect_test::expect;
use loadgen::{judgement, report, run::Run};

use super::made::{self, file};

const TEXTS: [&str; 4] = ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md", "report.html", "junit.xml"];

fn answer(run: &Run) -> String {
    let closing = report::closing(run);
    closing.lines().rev().nth(1).expect("the answer is the last line but one").to_owned()
}

fn exit(run: &Run) -> Exit {
    judgement::judge(run).exit(Inconclusive::Own)
}

#[test]
fn the_terminal_closes_with_everything_that_decides() {
    expect![[r"
          search-load  PASS          5 of 5 goals held, 1 not judged, 1 not measured, 1 not applicable; 600 requests, 0 failed
          whole suite  NOT JUDGED    failed requests / requests < 0.1 %: 0 % (0 of 600); nothing of the limit used; 0 of 600 failed, at most 0.5 % at 95 %, taken as independent (12 of 20 blocks) [600 of 2 995 needed]
          the target's own books: PASS: 2 of 2 invariants hold
          truth: not scored: no route has 1 000 samples on both sides
        PASS: every goal that was judged held
        5 PASS, 2 not judged at smoke, 1 not measured, 1 not applicable
    "]].assert_eq(&report::closing(&made::good()));
}

#[test]
fn a_run_in_which_everything_goes_wrong_says_all_of_it() {
    let run = made::bad();
    let closing = report::closing(&run);
    for part in [
        "search-load  FAIL ",
        "page-load    INVALID ",
        "api-load     NOT RUN ",
        "missed: search-load: p95 of GET /api/search < 1 200 ms (1 500 ms",
        "audit: one_order: ",
        "INTERRUPTED: ",
        "1 scenario INVALID, 1 scenario NOT RUN",
    ] {
        assert!(closing.contains(part), "no `{part}` in\n{closing}");
    }
}

#[test]
fn the_answer_agrees_with_the_exit_code() {
    let search = |slow, late| made::measured(made::search(slow, 0, Duration::from_millis(late)));
    let good = made::good();
    assert_eq!((exit(&good), &answer(&good)[..5]), (Exit::Ok, "PASS:"));
    let failed = made::run(vec![search(90, 0)]);
    assert_eq!((exit(&failed), &answer(&failed)[..5]), (Exit::Failed, "FAIL:"));
    let undecided = made::run(vec![search(28, 0)]);
    assert_eq!((exit(&undecided), &answer(&undecided)[..13]), (Exit::Inconclusive, "INCONCLUSIVE:"));
    // Goals of an invalid scenario may be missed; that does not count.
    let invalid = made::run(vec![search(90, 500)]);
    assert_eq!((exit(&invalid), &answer(&invalid)[..8]), (Exit::Invalid, "INVALID:"));
    let unfinished = Run { not_run: made::bad().not_run, ..made::good() };
    assert_eq!((exit(&unfinished), &answer(&unfinished)[..13]), (Exit::Unreachable, "NOT FINISHED:"));
    let broken = Run { audit: made::bad().audit, ..made::good() };
    assert_eq!((exit(&broken), &answer(&broken)[..23]), (Exit::Failed, "FAIL: the target's own "));
}

#[test]
fn goals_of_an_invalid_scenario_are_void_unless_there_is_proof() {
    let late = |slow| made::run(vec![made::measured(made::search(slow, 0, Duration::from_millis(500)))]);
    let run = late(0);
    let headline = judgement::judge(&run).headline();
    assert_eq!((headline.pass, headline.void, headline.invalid_scenarios), (0, 5, 1));
    let closing = report::closing(&run);
    for part in [
        "INVALID       0 of 0 goals held, 1 not judged, 1 not measured, 1 not applicable, 5 void; ",
        "\n0 PASS, 2 not judged at smoke, 1 not measured, 1 not applicable, 5 void, 1 scenario INVALID\n",
    ] {
        assert!(closing.contains(part), "no `{part}` in\n{closing}");
    }
    assert!(file(&run, "SUMMARY_REPORT.md").contains("| search-load | **INVALID** | 0 of 0, 5 void |"));
    assert!(file(&run, "report.html").contains("goals held: 0 of 0, 5 void"));
    // What is void was not missed either.
    let mut run = late(90);
    assert_eq!(judgement::judge(&run).headline().fail, 0);
    assert!(!report::closing(&run).contains("missed: "));
    run.scenarios[0].run.counters[0].total = 1;
    let headline = judgement::judge(&run).headline();
    assert_eq!(
        (headline.fail, headline.void),
        (1, 4),
        "a double booking is one however late the generator was"
    );
    let closing = report::closing(&run);
    assert!(closing.contains("0 of 1 goals held, 1 fail, ") && closing.contains("missed: "), "{closing}");
}

#[test]
fn a_scenario_that_was_not_run_is_in_every_format() {
    let run = made::bad();
    for name in TEXTS.into_iter().chain(["api-load_summary.txt"]) {
        let text = file(&run, name);
        assert!(text.to_lowercase().contains("not run"), "{name}");
        assert!(text.contains("the target is gone"), "{name}");
    }
    assert!(!report::files(&run).iter().any(|(name, _)| name == "api-load.json"));
}

#[test]
fn a_truth_that_was_not_scored_is_said_in_every_format() {
    let (run, mut unread) = (made::good(), made::good());
    unread.scenarios[0].truth = None;
    for name in TEXTS.into_iter().chain(["search-load_summary.txt"]) {
        let why = "not scored: no route has 1 000 samples on both sides";
        assert!(file(&run, name).contains(why), "{name}");
        let why = "not scored: the target's own latencies were not read";
        assert!(file(&unread, name).replace("&apos;", "'").contains(why), "{name}");
    }
    assert!(report::closing(&run).contains("truth: not scored"));
}

#[test]
fn a_truth_that_differs_makes_the_scenario_invalid_and_is_shown() {
    let mut run = made::good();
    run.scenarios[0].truth = Some(made::scored(41_000));
    assert!(report::closing(&run).contains("truth: 1 route in 1 of 1 scenarios scored, all agree"));
    run.scenarios[0].truth = Some(made::scored(50_000));
    assert!(
        report::closing(&run).contains("truth: 1 route in 1 of 1 scenarios scored, 1 percentile differs")
    );
    assert!(answer(&run).starts_with("INVALID:"));
    assert!(file(&run, "report.html").contains("DIFFERS"));
}

#[test]
fn no_link_or_picture_of_somebody_elses_works_in_markdown_whatever_it_is_the_name_of() {
    const LINK: &str = "[x](javascript:y) ![](http://z) a\\|b";
    let mut run = made::bad();
    let measured = &mut run.scenarios[0];
    (measured.title, measured.description) = (LINK.into(), LINK.into());
    measured.notes.push(LINK.into());
    measured.run.timings.iter_mut().for_each(|timing| timing.name.insert_str(0, LINK));
    measured.run.shares.iter_mut().for_each(|share| share.name.insert_str(0, LINK));
    measured.run.counters.iter_mut().for_each(|counter| (counter.name, counter.total) = (LINK.into(), 3));
    measured.run.goals.iter_mut().for_each(|goal| goal.name.insert_str(0, LINK));
    run.not_run[0].name = LINK.into();
    run.meta.target = LINK.into();
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md"] {
        let text = file(&run, name);
        assert!(text.contains("&#91;x](javascript:y)"), "{name} tells of it");
        let live = text.lines().find(|line| line.contains("[x](") || line.contains("![]("));
        assert_eq!(live, None, "{name}");
        let cut = text.lines().find(|line| line.contains("\\\\|"));
        assert_eq!(cut, None, "{name}: a bar ends a cell");
    }
}

#[test]
fn the_warm_up_is_labelled_and_in_no_other_figure() {
    let run = made::good();
    for name in ["LOAD_TEST_REPORT.md", "report.html", "search-load_summary.txt"] {
        let text = file(&run, name);
        assert!(text.to_lowercase().contains("warm-up, not counted"), "{name}");
        assert!(text.contains("333 ms"), "{name}");
    }
    assert!(file(&run, "search-load.json").contains("\"count\": 600"));
}

#[test]
fn the_baseline_stands_beside_the_crowd() {
    let mut run = made::run(vec![made::measured(made::search(90, 0, Duration::ZERO))]);
    assert!(!made::markup(&file(&run, "report.html")).contains("Baseline"));
    run.baseline.push(made::measured(made::search(0, 0, Duration::ZERO)));
    let summary = file(&run, "SUMMARY_REPORT.md");
    let row = summary.lines().find(|line| line.starts_with("| search-load | GET")).expect("a row");
    expect!["| search-load | GET /api/search | 600 | 0 | 44.0 ms | 49.0 ms | 45.0 ms | 1 500 ms | 30.6 × |"]
        .assert_eq(row);
    assert!(file(&run, "report.html").contains("Baseline: one user alone"));
    assert!(file(&run, "search-load_summary.txt").contains("baseline: p95"));
}

#[test]
fn goals_show_their_limit_and_the_margin_worst_first() {
    let run = made::run(vec![made::measured(made::search(90, 12, Duration::ZERO))]);
    let report = file(&run, "LOAD_TEST_REPORT.md");
    let goals: Vec<&str> = report.lines().skip_while(|line| *line != "### Goals").skip(4).take(8).collect();
    expect![[r"
        | **FAIL** | search p95 | p95 of GET /api/search | < 1 200 ms | 1 500 ms (1 500 ms–1 500 ms) | 25 % over the limit | 90 of 600 slow, at least 12.7 % at 95 %, taken as independent (12 of 20 blocks) | sampled |
        | **FAIL** | semantic p95 | p95 of semantic | < 900 ms | 1 500 ms (1 500 ms–?) | 67 % over the limit | 9 of 60 slow, at least 8.05 % at 95 %, taken as independent (12 of 20 blocks) | sampled |
        | **FAIL** | errors | errors of GET /api/search | < 0.1 % | 2 % (12 of 600) | 20.0 times the limit | 12 of 600 failed, at least 1.16 % at 95 %, taken as independent (12 of 20 blocks) | sampled |
        | **NOT MEASURED** (no browser) | LCP p95 | p95 of lcp_metric | < 2 500 ms | – |  |  | sampled |
        | **PASS** | members sign in | auth_success | > 95 % | 100 % (10 of 10) | nothing of the limit used | 0 of 10 bad | census |
        | **PASS** | no duplicates | duplicate_bookings | = 0 | 0 |  |  | exact |
        | **PASS** | send p95 | p95 of GET /api/search, sending | < 10 ms | 1.00 ms (1.00 ms–1.00 ms) | 90 % below the limit | 0 of 600 slow, at most 0.5 % at 95 %, taken as independent (12 of 20 blocks) | sampled |
        | **NOT APPLICABLE** (no TLS \| here) | TLS p95 | p95 of GET /api/search, TLS handshake | < 200 ms | – |  |  | sampled |"]].assert_eq(&goals.join("\n"));
}

#[test]
fn scheduled_faults_are_a_part_of_the_record() {
    let mut run = made::good();
    assert!(!report::closing(&run).contains("scheduled faults"), "where there were none, nothing is said");
    run.faults = Some(made::plan(vec![made::fault("reset", "every route", 52, true)]));
    let closing = report::closing(&run);
    assert!(closing.contains("  scheduled faults: 1 fault scheduled; struck: reset 52\n"), "{closing}");
    let row = "| reset | every route | from 5 s for 2.5 s | 5 % | 1 000 | 52 |";
    assert!(file(&run, "LOAD_TEST_REPORT.md").contains(row));
    assert!(file(&run, "report.html").contains("<td>from 5 s for 2.5 s</td>"));
}

#[test]
fn a_run_of_before_there_were_faults_still_reads() {
    let run = made::good();
    let mut older: serde_json::Value = serde_json::from_str(&run.to_json()).expect("JSON");
    older.as_object_mut().expect("an object").remove("faults");
    assert_eq!(serde_json::from_value::<Run>(older).expect("an older run"), run);
}

#[test]
fn a_route_is_not_scored_once_a_fault_struck_it_that_the_books_do_not_know() {
    let plan = made::plan(vec![
        made::fault("slow-drip", "GET /api/search", 1, true),
        made::fault("error", "GET /api/events", 9, false),
        made::fault("reset", "GET /", 0, true),
    ]);
    let by = |route| plan.unscored(route).map(|fault| fault.kind.as_str());
    assert_eq!(["GET /api/search", "GET /api/events", "GET /"].map(by), [Some("slow-drip"), None, None]);
    let everywhere = made::plan(vec![made::fault("stall", "every route", 1, true)]);
    assert!(everywhere.unscored("GET /").is_some());
}

#[test]
fn what_a_fault_struck_in_an_earlier_scenario_is_not_held_against_this_one() {
    let plan = |struck| made::plan(vec![made::fault("stall", "every route", struck, true)]);
    assert!(plan(3).since(&plan(3)).unscored("GET /").is_none());
    assert_eq!(plan(5).since(&plan(3)).faults[0].struck, 2);
    let other = loadgen::faults::FaultPlan { toml: Some("another".to_owned()), ..plan(3) };
    assert!(plan(3).since(&other).unscored("GET /").is_some());
}

#[test]
fn where_load_came_from_is_said_and_a_run_of_before_there_were_processes_still_reads() {
    let mut run = made::good();
    let mut older: serde_json::Value = serde_json::from_str(&run.to_json()).expect("JSON");
    let machine = older["meta"]["machine"].as_object_mut().expect("an object");
    assert!(machine.remove("processes").is_some() && machine.remove("sources").is_some());
    assert_eq!(serde_json::from_value::<Run>(older).expect("an older run"), run);
    run.meta.machine.processes = 3;
    run.meta.machine.sources = ["127.0.0.1", "127.0.0.2"].map(|text| text.parse().expect("one")).to_vec();
    let said = "linux x86_64, 2 cores, 3 processes of 2 threads, from 127.0.0.1, 127.0.0.2";
    for name in ["LOAD_TEST_REPORT.md", "report.html"] {
        assert!(file(&run, name).contains(said), "{name}");
    }
}

#[test]
fn the_generator_s_own_figures_stand_beside_what_is_allowed() {
    let run = made::good();
    for name in ["LOAD_TEST_REPORT.md", "report.html"] {
        let text = file(&run, name);
        for figure in [
            "600 of 600 planned starts made (100 %; at least 99 % needed)",
            "0 dropped (none may be)",
            "p99 0 ms (at most 90 ms allowed: a tenth of the tightest limit)",
            "0.50 cores on average, 0.50 at most, of 2.00 allowed (at most 90 % of them for 5 s or longer)",
            "2, 0 lost (none may be)",
        ] {
            assert!(text.contains(figure), "no `{figure}` in {name}");
        }
    }
}
