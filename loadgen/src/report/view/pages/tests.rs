use proptest::prelude::*;

use super::*;
use crate::{
    browser::Device,
    run::{Canary, Lcp, PageView, Parts, Whereabouts},
};

/// A visit whose LCP has these parts; `None` names none.
fn visit(ended: Ended, parts: Option<[f64; 4]>) -> Seen {
    let lcp = parts.map(|[ttfb_ms, load_delay_ms, load_time_ms, render_delay_ms]| Lcp {
        at_ms: ttfb_ms + load_delay_ms + load_time_ms + render_delay_ms,
        element: "img".to_owned(),
        url: None,
        size: 1,
        parts: Parts { ttfb_ms, load_delay_ms, load_time_ms, render_delay_ms },
        earlier: 0,
    });
    let view = PageView {
        ended,
        lcp,
        fcp_ms: None,
        ttfb_ms: None,
        load_ms: None,
        cls: 0.0,
        status: None,
        requests: 0,
        bytes: 0,
        failed: Vec::new(),
        failed_count: 0,
        kept_in: Vec::new(),
        at: None,
        withheld: Vec::new(),
        console: Vec::new(),
        console_errors: 0,
    };
    Seen {
        number: 0,
        at_s: 0.0,
        page: "home".to_owned(),
        device: Device::Phone,
        returning: false,
        signed_in: false,
        view,
    }
}

fn at(ms: f64) -> Seen {
    visit(Ended::Settled, Some([0.0, 0.0, ms, 0.0]))
}

#[test]
fn text_of_a_target_is_short_and_controls_nothing() {
    assert_eq!(tame("a\u{1b}[31m\nb\u{202e}c", 20), "a [31m bc");
    assert_eq!(tame("abcdef", 6), "abcdef");
    assert_eq!(tame("abcdefg", 6), "abcde…");
    assert_eq!(tame_middle("/static/images/hero.png", 13), "/sta…hero.png");
    assert_eq!(tame_middle("/short", 13), "/short");
}

#[test]
fn a_time_before_the_start_is_none() {
    assert_eq!((time(-3.0), time(f64::NAN)), (Duration::ZERO, Duration::ZERO));
    assert_eq!(said(3_420.4), "3 420 ms");
}

#[test]
fn percentiles_are_by_nearest_rank_and_a_visit_that_was_not_done_is_the_slowest() {
    let visits: Vec<Seen> = (1..=100).map(|n| at(f64::from(n) * 10.0)).collect();
    let Spread { samples, p75, p95 } = Spread::of(&visits);
    assert_eq!((samples, p75.split(' ').next(), p95.split(' ').next()), (100, Some("750"), Some("950")));
    let capped = visit(Ended::Capped, Some([10.0; 4]));
    assert!(Spread::of([&at(10.0), &capped]).p95.starts_with("15.0 s"));
    assert_eq!(Spread::of([&visit(Ended::NoPage(String::new()), None)]).samples, 0);
}

/// What was painted soon, and is not what the browser was sent to.
fn is_in_no_figure(mut seen: Seen, ended: &str) {
    (seen.view.fcp_ms, seen.view.ttfb_ms) = (Some(30.0), Some(10.0));
    let visits = [seen];
    assert_eq!(figures::rated(&visits).map(|rated| rated.visits), [0; 3]);
    assert!(figures::vitals(&visits).iter().all(|vital| vital.samples == 0));
    assert!(figures::parts(&visits).is_empty() && figures::dots(&visits).is_empty());
    assert!(groups::groups(&visits).iter().all(|group| group.spread.samples == 0 && group.largest == "–"));
    assert_eq!(ends(&visits).iter().find(|(_, n)| *n > 0).expect("one").0, ended);
}

#[test]
fn an_errors_page_is_in_no_figure_however_soon_it_is_painted() {
    let mut refused = at(40.0);
    refused.view.status = Some(503);
    is_in_no_figure(refused, "answered with an error");
}

#[test]
fn another_page_is_in_no_figure_either() {
    let mut sent_away = at(40.0);
    sent_away.view.at =
        Some(Whereabouts { path: "/login".into(), page: Some("login".into()), asked: Some("home".into()) });
    is_in_no_figure(sent_away, "led to another page");
}

#[test]
fn canaries_that_were_lost_are_told_and_vouch_for_nothing() {
    let said = |seen: &[f64], lost| {
        let canary =
            Canary { idle_ms: vec![1_000.0], meanwhile_ms: seen.to_vec(), lost, ..Canary::default() };
        CanaryView::new(&canary, lost > 0).sentence
    };
    assert!(said(&[1_000.0], 0).ends_with(": the browsers were not starved."));
    let one = said(&[1_000.0], 1);
    assert!(one.ends_with(": the browsers were not starved. 1 of 2 canary visits came to nothing."), "{one}");
    let two = said(&[1_000.0], 2);
    assert!(two.ends_with("2 of 3 canary visits came to nothing.") && !two.contains("not starved"), "{two}");
    let none = said(&[], 1);
    assert!(none.starts_with("Whether") && none.ends_with("1 of 1 canary visit came to nothing."), "{none}");
}

#[test]
fn the_thresholds_themselves_are_still_in_the_better_class() {
    let visits = [at(2_500.0), at(2_500.1), at(4_000.0), at(4_000.1), visit(Ended::Capped, None)];
    assert_eq!(figures::rated(&visits).map(|rated| rated.visits), [1, 2, 2]);
}

#[test]
fn the_largest_part_is_named() {
    let visits = [visit(Ended::Settled, Some([100.0, 0.0, 600.0, 300.0]))];
    assert_eq!(
        figures::largest(&figures::parts(&visits)),
        "The largest part is the load time, 60 % of it: the content itself took long to come."
    );
    assert_eq!(figures::largest(&[]), "");
}

fn any_visit() -> impl Strategy<Value = Seen> {
    let ended = prop_oneof![
        4 => Just(Ended::Settled),
        1 => Just(Ended::Capped),
        1 => Just(Ended::NoPage("net::ERR_FAILED".to_owned())),
    ];
    let status = prop_oneof![4 => Just(200), 1 => Just(503)];
    (ended, prop::option::of(prop::array::uniform4(0.0..5_000.0)), status).prop_map(
        |(ended, parts, status)| {
            let mut seen = visit(ended, parts);
            seen.view.status = Some(status);
            seen
        },
    )
}

proptest! {
    #[test]
    fn classes_and_ends_add_up_and_parts_make_the_mean(
        visits in prop::collection::vec(any_visit(), 0..60),
    ) {
        let ends: u64 = ends(&visits).iter().map(|(_, n)| n).sum();
        prop_assert_eq!(ends, visits.len() as u64);
        let rated = figures::rated(&visits);
        let classed: u64 = rated.iter().map(|rated| rated.visits).sum();
        prop_assert_eq!(classed, Spread::of(&visits).samples);
        prop_assert_eq!(figures::dots(&visits).len() as u64, classed);
        let reported = visits.iter().filter(|seen| matches!(seen.view.outcome(), Outcome::Lcp(_)));
        let settled = reported.filter(|seen| seen.view.ended == Ended::Settled);
        let lcps: Vec<f64> = settled.filter_map(|seen| Some(seen.view.lcp.as_ref()?.at_ms)).collect();
        let parts = figures::parts(&visits);
        prop_assert_eq!(parts.is_empty(), lcps.is_empty());
        if !lcps.is_empty() {
            let mean = lcps.iter().sum::<f64>() / lcps.len() as f64;
            let whole: f64 = parts.iter().map(|part| part.mean_ms).sum();
            prop_assert!((mean - whole).abs() < 1e-6, "{mean} {whole}");
        }
    }
}
