use proptest::prelude::*;
use serde_json::json;

use super::*;

const PAGE: &str = "http://site.test:8000/";

fn waterfall() -> Waterfall {
    Waterfall::new(["site.test".to_owned()].into())
}

fn asked(waterfall: &mut Waterfall, id: &str, url: &str, at: f64) {
    let kind = if id == "page" { "Document" } else { "Image" };
    let params = json!({
        "requestId": id, "loaderId": "page", "frameId": "F", "type": kind, "timestamp": at, "request": { "url": url },
    });
    waterfall.take("Network.requestWillBeSent", &params);
}

fn answered(waterfall: &mut Waterfall, id: &str, status: u16, at: f64) {
    let params = json!({ "requestId": id, "timestamp": at, "response": { "status": status } });
    waterfall.take("Network.responseReceived", &params);
}

fn there(waterfall: &mut Waterfall, id: &str, bytes: u64, at: f64) {
    let params = json!({ "requestId": id, "timestamp": at, "encodedDataLength": bytes });
    waterfall.take("Network.loadingFinished", &params);
}

fn failed(waterfall: &mut Waterfall, id: &str, why: &str, canceled: bool, at: f64) {
    let params = json!({ "requestId": id, "timestamp": at, "errorText": why, "canceled": canceled });
    waterfall.take("Network.loadingFailed", &params);
}

#[test]
fn a_page_and_its_image() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 100.0);
    let timing = json!({ "requestTime": 100.01, "receiveHeadersStart": 40.0 });
    let response = json!({ "status": 200, "timing": timing });
    page.take(
        "Network.responseReceived",
        &json!({ "requestId": "page", "timestamp": 100.2, "response": response }),
    );
    asked(&mut page, "1", "http://site.test:8000/hero.jpg", 100.1);
    assert_eq!(page.in_flight(), 2);
    there(&mut page, "page", 500, 100.3);
    page.take("Network.dataReceived", &json!({ "requestId": "1", "encodedDataLength": 70 }));
    assert_eq!((page.in_flight(), page.requests(), page.bytes(), page.status()), (1, 2, 570, Some(200)));
    let rows = page.fetched(9);
    assert_eq!((rows[0].url.as_str(), rows[0].kind.as_str()), ("/", "Document"));
    assert_eq!((rows[0].start_ms, rows[0].first_byte_ms, rows[0].end_ms), (0.0, Some(50.0), Some(300.0)));
    assert_eq!((rows[1].url.as_str(), rows[1].start_ms, rows[1].end_ms), ("/hero.jpg", 100.0, None));
    assert_eq!(page.fetched(1).len(), 1);
}

#[test]
fn an_address_is_told_without_what_it_is_signed_with() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    let signed = "http://site.test:8000/hero.jpg?w=640&X-Amz-Signature=0f0f&access_token=s3cr3t";
    asked(&mut page, "1", signed, 1.1);
    answered(&mut page, "1", 403, 1.2);
    let told = "/hero.jpg?w=640&X-Amz-Signature=[scrubbed]&access_token=[scrubbed]";
    assert_eq!(page.fetched(9)[1].url, told);
    assert_eq!(page.failures(), (1, vec![format!("{told}: 403")]));
}

#[test]
fn a_redirect_is_a_request_of_its_own() {
    let mut page = waterfall();
    asked(&mut page, "page", "http://site.test:8000/dashboard", 1.0);
    let params = json!({
        "requestId": "page", "loaderId": "page", "frameId": "F", "type": "Document", "timestamp": 1.5,
        "request": { "url": "http://site.test:8000/login" },
        "redirectResponse": { "status": 302, "encodedDataLength": 90 },
    });
    page.take("Network.requestWillBeSent", &params);
    assert!(!page.leaving(), "it is one navigation");
    answered(&mut page, "page", 200, 1.7);
    there(&mut page, "page", 10, 1.8);
    assert_eq!((page.in_flight(), page.requests(), page.bytes(), page.status()), (0, 2, 100, Some(200)));
    let rows = page.fetched(9);
    assert_eq!((rows[0].status, rows[0].end_ms), (Some(302), Some(500.0)));
    assert_eq!((rows[1].status, rows[1].start_ms), (Some(200), 500.0));
}

/// The page goes to another by itself.
fn goes(page: &mut Waterfall, id: &str, at: f64) {
    let params = json!({
        "requestId": id, "loaderId": id, "frameId": "F", "type": "Document", "timestamp": at,
        "request": { "url": "http://site.test:8000/login" },
    });
    page.take("Network.requestWillBeSent", &params);
}

#[test]
fn a_page_that_goes_to_another_starts_anew_once_that_is_there() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    answered(&mut page, "page", 200, 1.1);
    there(&mut page, "page", 10, 1.2);
    page.arrived("page");
    goes(&mut page, "next", 3.0);
    asked(&mut page, "1", "http://site.test:8000/a.png", 3.1);
    assert_eq!((page.leaving(), page.in_flight(), page.requests(), page.status()), (true, 2, 3, Some(200)));
    answered(&mut page, "next", 404, 3.2);
    assert_eq!(page.status(), Some(200), "it is not there yet");
    page.arrived("next");
    failed(&mut page, "1", "net::ERR_ABORTED", true, 3.3);
    assert_eq!((page.leaving(), page.in_flight(), page.requests(), page.status()), (false, 1, 1, Some(404)));
    there(&mut page, "next", 10, 3.4);
    let rows = page.fetched(9);
    assert_eq!((page.in_flight(), rows[0].start_ms, rows[0].end_ms), (0, 0.0, Some(400.0)));
    // A frame within it is no other page.
    let frame = json!({
        "requestId": "inner", "loaderId": "inner", "frameId": "G", "type": "Document", "timestamp": 3.2,
        "request": { "url": "http://site.test:8000/inner" },
    });
    page.take("Network.requestWillBeSent", &frame);
    assert_eq!((page.leaving(), page.requests()), (false, 2));
}

#[test]
fn a_page_that_goes_nowhere_stays() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    answered(&mut page, "page", 200, 1.1);
    page.arrived("page");
    goes(&mut page, "none", 2.0);
    answered(&mut page, "none", 204, 2.1);
    assert!(!page.leaving() && page.stayed(&json!("F")) && !page.stayed(&json!("G")));
    goes(&mut page, "first", 3.0);
    goes(&mut page, "second", 3.1);
    failed(&mut page, "first", "net::ERR_ABORTED", true, 3.1);
    assert!(page.leaving() && !page.stayed(&json!("F")), "to the second");
    failed(&mut page, "second", "net::ERR_ABORTED", false, 3.2);
    assert!(!page.leaving());
    goes(&mut page, "file", 4.0);
    page.downloads();
    assert_eq!((page.leaving(), page.status(), page.failures().0), (false, Some(200), 0));
    goes(&mut page, "next", 5.0);
    page.arrived("next");
    assert!(!page.stayed(&json!("F")));
}

#[test]
fn failures_in_words() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    for (id, url) in [("1", "http://site.test:8000/gone.png"), ("2", "http://site.test:8000/cut.png")] {
        asked(&mut page, id, url, 1.1);
    }
    answered(&mut page, "1", 404, 1.2);
    there(&mut page, "1", 10, 1.3);
    failed(&mut page, "2", "net::ERR_EMPTY_RESPONSE", false, 1.4);
    asked(&mut page, "3", "http://site.test:8000/given-up", 1.5);
    failed(&mut page, "3", "net::ERR_ABORTED", true, 1.6);
    let words = vec!["/gone.png: 404".to_owned(), "/cut.png: net::ERR_EMPTY_RESPONSE".to_owned()];
    assert_eq!(page.failures(), (2, words));
    assert_eq!(page.no_page(), None);
    failed(&mut page, "page", "net::ERR_CONNECTION_RESET", false, 1.7);
    assert_eq!(page.no_page().as_deref(), Some("net::ERR_CONNECTION_RESET"));
}

#[test]
fn other_hosts_are_kept_in() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    for (id, url) in [("1", "https://Fonts.example/a.woff"), ("2", "https://fonts.example/b.woff")] {
        asked(&mut page, id, url, 1.1);
        failed(&mut page, id, "net::ERR_NAME_NOT_RESOLVED", false, 1.2);
    }
    assert_eq!(page.kept_in(), ["fonts.example"]);
    assert_eq!((page.failures().0, page.requests(), page.in_flight()), (0, 1, 1));
    assert_eq!(page.fetched(9)[1].failed.as_deref(), Some("not sent: another host"));
    assert!(
        page.allows("http://SITE.test:9/x") && page.allows("data:,x") && !page.allows("http://other.test/")
    );
}

#[test]
fn what_a_page_is_made_of_is_told_apart_from_what_it_reports() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    page.arrived("page");
    let requests = [
        ("1", "https://cdn.example/main.css", "Stylesheet"),
        ("2", "https://cdn.example/hero.png", "Image"),
        ("3", "https://fonts.example/a.woff", "Font"),
        ("4", "https://stats.example/beacon", "Ping"),
        ("5", "https://stats.example/event", "XHR"),
        ("6", "https://api.example/list", "Fetch"),
        ("7", "http://site.test:8000/gone.js", "Script"),
    ];
    for (id, url, kind) in requests {
        let params = json!({
            "requestId": id, "loaderId": "page", "frameId": "F", "type": kind, "timestamp": 1.1,
            "request": { "url": url },
        });
        page.take("Network.requestWillBeSent", &params);
        failed(&mut page, id, "net::ERR_NAME_NOT_RESOLVED", false, 1.2);
    }
    assert_eq!(page.withheld(), ["cdn.example", "fonts.example"]);
    assert_eq!(page.kept_in(), ["api.example", "cdn.example", "fonts.example", "stats.example"]);
    // What another page was kept from, which it came from, is not its own.
    goes(&mut page, "next", 3.0);
    page.arrived("next");
    assert_eq!(page.withheld(), Vec::<String>::new());
}

#[test]
fn what_is_kept_and_what_is_no_request() {
    let mut page = waterfall();
    asked(&mut page, "page", PAGE, 1.0);
    asked(&mut page, "1", "data:image/png;base64,AAAA", 1.1);
    asked(&mut page, "2", "blob:http://site.test:8000/1", 1.1);
    asked(&mut page, "3", "http://site.test:8000/kept.css", 1.1);
    page.take("Network.requestServedFromCache", &json!({ "requestId": "3" }));
    there(&mut page, "3", 0, 1.2);
    there(&mut page, "nobody", 9, 1.2);
    assert_eq!((page.requests(), page.in_flight()), (2, 1));
    assert!(page.fetched(9)[1].cached);
}

#[test]
fn hosts() {
    assert_eq!(host("https://User@Site.test:443/a@b:c").as_deref(), Some("site.test"));
    assert_eq!(host("http://[::1]:8000?x").as_deref(), Some("::1"));
    assert_eq!(host("http://127.0.0.1").as_deref(), Some("127.0.0.1"));
    assert_eq!([host("about:blank"), host("data:text/plain,http://x/"), host("")], [None, None, None]);
}

proptest! {
    /// Whatever comes in whatever order, each request is open, there, or failed, and the open ones are in flight.
    #[test]
    fn every_request_ends_once(steps in proptest::collection::vec((0..6_u8, 0..4_u8), 0..60)) {
        let mut page = waterfall();
        asked(&mut page, "page", PAGE, 0.0);
        for (number, (what, id)) in steps.into_iter().enumerate() {
            let (id, at) = (id.to_string(), 1.0 + number as f64);
            match what {
                0 => asked(&mut page, &id, "http://site.test:8000/x", at),
                1 => answered(&mut page, &id, 200, at),
                2 => there(&mut page, &id, 7, at),
                3 => failed(&mut page, &id, "net::ERR_FAILED", false, at),
                4 => failed(&mut page, &id, "net::ERR_ABORTED", true, at),
                _ => asked(&mut page, &id, "http://other.test/x", at),
            }
            let rows = page.fetched(usize::MAX);
            let open = rows.iter().filter(|row| row.end_ms.is_none()).count();
            prop_assert_eq!(open, page.in_flight());
            for row in rows {
                prop_assert!(row.failed.is_none() || row.end_ms.is_some());
                prop_assert!(row.end_ms.is_none_or(|end| end >= row.start_ms));
            }
        }
    }
}
