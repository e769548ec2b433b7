use std::iter;

use proptest::prelude::*;

use super::*;
use crate::{
    browser::{Device, Source, Throttle},
    run::{Ended, Lcp, PageView, Parts},
};

fn account() -> Account {
    let source = Source::Running("http://127.0.0.1:1".to_owned());
    Account::new(&Company {
        visitors: 2,
        source,
        throttle: Throttle::Cable,
        required: false,
        own_roots: false,
        hosts: Vec::new(),
    })
}

fn view(ended: Ended, lcp_ms: Option<f64>) -> PageView {
    let lcp = lcp_ms.map(|at_ms| Lcp {
        at_ms,
        element: "img.hero".to_owned(),
        url: None,
        size: 1,
        parts: Parts::default(),
        earlier: 0,
    });
    PageView {
        ended,
        lcp,
        fcp_ms: None,
        ttfb_ms: None,
        load_ms: None,
        cls: 0.0,
        status: Some(200),
        requests: 1,
        bytes: 1,
        failed: Vec::new(),
        failed_count: 0,
        kept_in: Vec::new(),
        at: None,
        withheld: Vec::new(),
        console: Vec::new(),
        console_errors: 0,
    }
}

fn seen(number: u64, view: PageView) -> Seen {
    Seen {
        number,
        at_s: number as f64,
        page: "home".to_owned(),
        device: Device::Phone,
        returning: false,
        signed_in: false,
        view,
    }
}

fn settled(ms: f64) -> PageView {
    view(Ended::Settled, Some(ms))
}

/// An account with the canary seen before the crowd came, and so many looks at pages.
fn under_way(looks: u64) -> Account {
    let mut account = account();
    account.started("Chrome/1", vec![1_150.0, 1_160.0]);
    (0..looks).for_each(|n| account.add(seen(n, settled(900.0)), Film::default()));
    account
}

#[test]
fn rows_beyond_those_kept_are_counted() {
    let account = under_way(BrowserAccount::VISITS_KEPT as u64 + 7);
    let report = account.report();
    assert_eq!((report.visits.len(), report.further), (BrowserAccount::VISITS_KEPT, 7));
    assert_eq!((report.product.as_str(), report.visitors, report.throttle), ("Chrome/1", 2, Throttle::Cable));
}

#[test]
fn browsers_that_fared_well_have_no_flaw() {
    let mut account = under_way(19);
    account.add_canary(1_160.0);
    assert_eq!((account.flaw(), account.notes()), (None, Vec::new()));
}

#[test]
fn browsers_kept_from_a_part_of_the_page_say_nothing_of_it() {
    let mut account = under_way(18);
    account.add_canary(1_160.0);
    let mut beacon = settled(250.0);
    beacon.kept_in = vec!["stats.example".to_owned()];
    account.add(seen(18, beacon), Film::default());
    assert_eq!(account.flaw(), None, "what a page reports is no part of it");
    let mut refused = PageView { status: Some(503), ..settled(250.0) };
    refused.withheld = vec!["cdn.example".to_owned()];
    account.add(seen(18, refused), Film::default());
    assert_eq!(account.flaw(), None, "an error is the target's, whatever its page lacks");
    let mut torn = settled(250.0);
    torn.withheld = vec!["cdn.example".to_owned(), "fonts.example".to_owned()];
    account.add(seen(19, torn), Film::default());
    let flaw = account.flaw().expect("its picture is missing");
    assert!(flaw.starts_with("in 1 of 21 visits") && flaw.contains("--browser-host cdn.example"), "{flaw}");
}

#[test]
fn starved_browsers_say_nothing_of_the_target() {
    let mut account = under_way(19);
    account.add_canary(1_900.0);
    assert!(account.flaw().is_some());
}

#[test]
fn a_canary_that_was_never_seen_alone_is_a_flaw() {
    let mut account = account();
    account.started("Chrome/1", Vec::new());
    assert!(account.flaw().is_some_and(|why| why.contains("canary")));
}

#[test]
fn a_run_too_short_for_a_canary_says_so_and_is_no_flaw() {
    let account = under_way(2);
    assert_eq!(account.flaw(), None);
    assert!(account.notes()[0].contains("before the canary was opened"), "{:?}", account.notes());
}

#[test]
fn one_look_in_twenty_may_be_lost() {
    let mut account = under_way(38);
    (0..3).for_each(|_| account.add_canary(1_000.0));
    account.lose("home: the tab crashed".to_owned());
    account.lose("events: the tab crashed".to_owned());
    assert_eq!(account.flaw(), None, "2 of 40");
    assert!(account.notes()[0].contains("2 of 40 visits came to nothing"), "{:?}", account.notes());
    account.lose("home: the browser is gone".to_owned());
    let flaw = account.flaw().expect("3 of 41");
    assert!(flaw.starts_with("3 of 41 visits") && flaw.contains("home: the tab crashed"), "{flaw}");
    assert_eq!(account.report().troubles.len(), 3);
}

#[test]
fn a_lost_canary_is_no_lost_look() {
    let mut account = under_way(19);
    account.add_canary(1_000.0);
    account.lose_canary("canary: the tab crashed".to_owned());
    assert_eq!(account.flaw(), None, "as many were seen");
    assert_eq!(account.notes(), ["Beside the crowd, 1 of 2 canary visits came to nothing."]);
    let report = account.report();
    assert_eq!((report.lost, report.canary.lost, report.troubles.len()), (0, 1, 1));
}

#[test]
fn more_canaries_lost_than_seen_is_a_flaw() {
    let mut account = under_way(1_000);
    account.lose_canary("canary: nothing was painted that counts".to_owned());
    let flaw = account.flaw().expect("opened, and none was seen");
    assert!(flaw.starts_with("1 of 1 canary visits came to nothing"), "{flaw}");
    assert!(account.notes().iter().all(|note| !note.contains("before the canary was opened")));
    account.add_canary(1_000.0);
    assert_eq!(account.flaw(), None);
    account.lose_canary("canary: nothing was painted that counts".to_owned());
    assert!(account.flaw().is_some_and(|flaw| flaw.starts_with("2 of 3 canary visits")));
}

#[test]
fn only_what_may_be_among_the_slowest_is_filmed() {
    let mut account = under_way(0);
    for (number, ms) in [(0, 500.0), (1, 900.0), (2, 700.0), (3, 800.0)] {
        account.add(seen(number, settled(ms)), Film::default());
        assert_eq!(account.film_later_than(), Duration::ZERO);
    }
    account.add(seen(4, view(Ended::Capped, None)), Film::default());
    assert_eq!(account.film_later_than(), Duration::from_millis(500));
    account.add(seen(5, settled(600.0)), Film::default());
    assert_eq!(account.film_later_than(), Duration::from_millis(600));
    let filmed: Vec<u64> = account.report().films.into_iter().map(|(number, _)| number).collect();
    assert_eq!(filmed, [4, 1, 3, 2, 5], "slowest first");
}

/// How a visit ended, from draws.
fn any_view() -> impl Strategy<Value = PageView> {
    (0..10u8, 0..3_000u16).prop_map(|(kind, ms)| match kind {
        0 => view(Ended::Capped, Some(f64::from(ms))),
        1 => view(Ended::Settled, None),
        2 => view(Ended::NoPage("net::ERR_FAILED".to_owned()), None),
        _ => settled(f64::from(ms)),
    })
}

proptest! {
    #[test]
    fn the_five_slowest_are_kept_whatever_the_order(views in prop::collection::vec(any_view(), 0..60)) {
        let mut account = under_way(0);
        for (number, view) in iter::zip(0.., &views) {
            account.add(seen(number, view.clone()), Film::default());
        }
        let mut slowest: Vec<(u64, Duration)> = iter::zip(0.., &views)
            .filter_map(|(number, view)| match view.outcome() {
                Outcome::Lcp(took) => Some((number, took)),
                Outcome::Missing(_) => None,
            })
            .collect();
        // Stable: of equals, the first comes first.
        slowest.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        slowest.truncate(BrowserAccount::FILMS_KEPT);
        let filmed: Vec<u64> = account.report().films.iter().map(|(number, _)| *number).collect();
        prop_assert_eq!(&filmed, &slowest.iter().map(|(number, _)| *number).collect::<Vec<_>>());
        let fifth = slowest.get(4).map_or(Duration::ZERO, |(_, took)| *took);
        prop_assert_eq!(account.film_later_than(), fifth);
    }
}
