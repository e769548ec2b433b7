use super::*;

fn view(ended: Ended, status: Option<u16>, lcp_ms: Option<f64>) -> PageView {
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
        status,
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

#[test]
fn a_page_that_was_not_done_is_slow() {
    let settled = view(Ended::Settled, Some(200), Some(1_234.5));
    assert_eq!(settled.outcome(), Outcome::Lcp(Duration::from_micros(1_234_500)));
    for lcp in [Some(300.0), None] {
        assert_eq!(view(Ended::Capped, Some(200), lcp).outcome(), Outcome::Lcp(CAP));
    }
}

#[test]
fn an_errors_page_has_no_lcp_nor_has_what_was_not_painted() {
    let no_page = Ended::NoPage("net::ERR_CONNECTION_REFUSED".to_owned());
    let missing = [
        (view(Ended::Settled, Some(503), Some(40.0)), "503"),
        (view(Ended::Settled, Some(400), Some(40.0)), "400"),
        (view(Ended::Capped, Some(500), None), "500"),
        (view(no_page, None, None), "ERR_CONNECTION_REFUSED"),
        (view(Ended::Settled, Some(200), None), "painted"),
    ];
    for (view, why) in missing {
        assert!(matches!(view.outcome(), Outcome::Missing(said) if said.contains(why)), "{why}");
    }
    assert!(matches!(view(Ended::Settled, Some(399), Some(40.0)).outcome(), Outcome::Lcp(_)));
}

/// A visit sent to the dashboard, at a page of this mark.
fn sent_to_the_dashboard(ended: Ended, path: &str, page: Option<&str>) -> PageView {
    let at = Whereabouts {
        path: path.to_owned(),
        page: page.map(str::to_owned),
        asked: Some("dashboard".to_owned()),
    };
    PageView { at: Some(at), ..view(ended, Some(200), Some(40.0)) }
}

#[test]
fn another_page_than_it_was_sent_to_has_no_lcp_however_soon_it_is_painted() {
    let another = [
        sent_to_the_dashboard(Ended::Settled, "/login", Some("login")),
        sent_to_the_dashboard(Ended::Settled, "/dashboard", Some("")),
        sent_to_the_dashboard(Ended::Settled, "/dashboard", None),
        sent_to_the_dashboard(Ended::Capped, "/login", Some("login")),
    ];
    for view in another {
        let path = &view.at.as_ref().expect("it is known").path;
        let said = format!("another page: {path} is not marked `dashboard`");
        assert_eq!(view.outcome(), Outcome::Missing(said));
    }
    let refused =
        PageView { status: Some(503), ..sent_to_the_dashboard(Ended::Settled, "/dashboard", Some("down")) };
    assert_eq!(refused.outcome(), Outcome::Missing("answered with status 503".to_owned()));
}

#[test]
fn the_page_it_was_sent_to_is_that_wherever_it_is() {
    let moved = sent_to_the_dashboard(Ended::Settled, "/en/dashboard", Some("dashboard"));
    assert_eq!(moved.outcome(), Outcome::Lcp(Duration::from_millis(40)));
    let never_came = sent_to_the_dashboard(Ended::Capped, "/dashboard", None);
    assert_eq!(never_came.outcome(), Outcome::Lcp(CAP));
    let mut canary = sent_to_the_dashboard(Ended::Settled, "/", Some(""));
    canary.at.as_mut().expect("it is known").asked = None;
    assert_eq!(canary.another(), None);
}

#[test]
fn a_view_of_before_pages_were_told_apart_reads() {
    let mut before = serde_json::to_value(view(Ended::Settled, Some(200), Some(40.0))).expect("JSON");
    before.as_object_mut().expect("an object").remove("at").expect("it is written");
    before.as_object_mut().expect("an object").remove("withheld").expect("it is written");
    let view = serde_json::from_value::<PageView>(before).expect("it reads");
    assert_eq!((view.at.as_ref(), view.another()), (None, None));
}

#[test]
fn an_account_of_before_lost_canaries_were_counted_reads() {
    let canary = serde_json::from_str::<Canary>(r#"{"idle_ms":[1.0],"meanwhile_ms":[]}"#).expect("it reads");
    assert_eq!((canary.idle_ms, canary.lost), (vec![1.0], 0));
}
