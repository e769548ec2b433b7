//! What a workflow on GitHub shows.

use std::time::Duration;

use expect_test::expect;
use loadgen::{
    report::{self, Format},
    run::{NotRun, Run},
};

use super::{formats, made};

fn annotations(run: &Run) -> String {
    report::one(run, &Format::Github).expect("it needs no name")
}

#[test]
fn a_good_run_has_one_notice() {
    expect![[r"
        ::notice title=Launch rehearsal run_20270101_000000::PASS: every goal that was judged held: 5 PASS, 2 not judged at smoke, 1 not measured, 1 not applicable
    "]]
    .assert_eq(&annotations(&made::good()));
}

#[test]
fn what_was_missed_is_an_error_and_what_is_open_a_warning() {
    let said = annotations(&made::bad());
    let of = |kind: &str| said.lines().filter(|line| line.starts_with(kind)).collect::<Vec<_>>();
    let (errors, warnings) = (of("::error "), of("::warning "));
    assert!(
        errors[0].starts_with(
            "::error title=search-load%3A search p95 missed::p95 of GET /api/search < 1 200 ms: 1 500 ms"
        ),
        "{said}"
    );
    // The late generator's goals count for nothing, and it says why.
    assert!(!errors.iter().any(|line| line.contains("page-load")), "{said}");
    assert!(
        warnings.iter().any(|line| line.starts_with("::warning title=page-load::INVALID%3A")
            || line.starts_with("::warning title=page-load::INVALID: ")),
        "{said}"
    );
    assert!(warnings.iter().any(|line| line.starts_with("::warning title=api-load::not run: ")), "{said}");
    assert!(
        errors.iter().any(|line| line.starts_with("::error title=the target's own books::one_order: ")),
        "{said}"
    );
}

#[test]
fn nothing_a_target_said_is_read_as_a_command() {
    for run in formats::runs() {
        let said = annotations(&run);
        for line in said.lines() {
            let (kind, rest) =
                line.strip_prefix("::").and_then(|rest| rest.split_once(" title=")).expect(line);
            assert!(matches!(kind, "notice" | "error" | "warning"), "{line}");
            let (title, text) = rest.split_once("::").expect(line);
            assert!(!title.contains([',', ':']), "{line}");
            for part in [title, text] {
                let escapes = part.split('%').skip(1);
                assert!(
                    escapes.into_iter().all(|it| ["25", "0D", "0A", "3A", "2C"].contains(&&it[..2])),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn of_many_ten_are_shown_and_the_last_says_how_many_there_are() {
    let mut run = made::good();
    let left = |n| NotRun { name: format!("scenario-{n}"), why: "gone".into(), left_out: false };
    run.not_run = (1..=25).map(left).collect();
    let said = annotations(&run);
    let warnings: Vec<&str> = said.lines().filter(|line| line.starts_with("::warning ")).collect();
    assert_eq!(warnings.len(), 10);
    assert!(warnings[9].contains("16 further ones"), "{}", warnings[9]);
}

#[test]
fn the_steps_summary_fits_and_is_cut_after_a_whole_line() {
    let mut run = made::bad();
    let whole = report::step_summary(&run, 0);
    assert_eq!(whole, made::file(&run, "SUMMARY_REPORT.md"));
    // As much as there is room for.
    let short = report::step_summary(&run, (1 << 20) - 1_000);
    assert!(short.len() <= 1_000 && short.len() > 500, "{}", short.len());
    assert!(short.ends_with("The whole of it is SUMMARY_REPORT.md.\n"), "{short}");
    let kept = short.split("\nCut here").next().expect("what was kept");
    assert!(whole.starts_with(kept) && kept.ends_with('\n'), "{kept}");
    assert_eq!(report::step_summary(&run, 1 << 20), "");
    assert_eq!(report::step_summary(&run, usize::MAX), "");
    // Characters of several bytes are not cut in two.
    run.notes = vec!["é\u{1f600}".repeat(1 << 18)];
    assert!(report::step_summary(&run, 0).len() <= 1 << 20);
}

#[test]
fn undecided_goals_warn() {
    let run = made::run(vec![made::measured(made::search(28, 0, Duration::ZERO))]);
    let said = annotations(&run);
    assert!(said.contains("::warning title=search-load%3A search p95 undecided::"), "{said}");
    assert!(!said.contains("::error "), "{said}");
}
