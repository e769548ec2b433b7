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

#[test]
fn an_account_of_before_lost_canaries_were_counted_reads() {
    let canary = serde_json::from_str::<Canary>(r#"{"idle_ms":[1.0],"meanwhile_ms":[]}"#).expect("it reads");
    assert_eq!((canary.idle_ms, canary.lost), (vec![1.0], 0));
}
