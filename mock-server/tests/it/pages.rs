//! Pages and assets, as a browser and a cache see them.

use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY,
};
use serde_json::{Value, json};

use crate::rig::Rig;

fn header(answer: &reqwest::Response, name: reqwest::header::HeaderName) -> &str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn every_page_is_html_with_its_assets_and_a_hero() {
    let rig = Rig::start().await;
    for path in ["/", "/events", "/instructors", "/search", "/search?q=kata", "/login"] {
        let answer = rig.get(path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(header(&answer, CONTENT_TYPE), "text/html; charset=utf-8");
        let html = answer.text().await.expect("text");
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"), "{path}");
        for asset in [
            "/static/css/main.css",
            "/static/js/main.js",
            "/static/images/logo.png",
            "/static/images/hero.png",
        ] {
            assert!(html.contains(asset), "{path} names {asset}");
            assert_eq!(rig.get(asset).send().await.expect("an answer").status(), 200);
        }
    }
}

#[tokio::test]
async fn what_was_searched_is_repeated_as_text() {
    let rig = Rig::start().await;
    let html =
        rig.get("/search?q=%3Cscript%3E%22kata").send().await.expect("an answer").text().await.expect("text");
    assert!(html.contains("value=\"&lt;script&gt;&quot;kata\"") && !html.contains("<script>\"kata"));
}

#[tokio::test]
async fn images_are_images_of_a_realistic_size() {
    let rig = Rig::start().await;
    let hero = rig.get("/static/images/hero.png").send().await.expect("an answer");
    assert_eq!((header(&hero, CONTENT_TYPE), header(&hero, CONTENT_ENCODING)), ("image/png", ""));
    let bytes = hero.bytes().await.expect("a body");
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && (60_000..150_000).contains(&bytes.len()));
}

#[tokio::test]
async fn each_encoding_has_its_own_validator_and_is_smaller() {
    let rig = Rig::start().await;
    let mut tags = Vec::new();
    let mut sizes = Vec::new();
    for (accept, expected) in
        [("identity", ""), ("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip;q=0.5", "gzip")]
    {
        for path in ["/", "/static/css/main.css", "/search?q=kata"] {
            let answer = rig.get(path).header(ACCEPT_ENCODING, accept).send().await.expect("an answer");
            assert_eq!(header(&answer, CONTENT_ENCODING), expected, "{path} with {accept}");
            assert!(
                header(&answer, VARY).contains("accept-encoding")
                    && !header(&answer, CACHE_CONTROL).is_empty()
            );
            if path == "/" {
                tags.push(header(&answer, ETAG).to_owned());
                sizes.push(answer.bytes().await.expect("a body").len());
            }
        }
    }
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[1] == tags[3], "{tags:?}");
    assert!(sizes[2] < sizes[1] && sizes[1] < sizes[0], "{sizes:?}");
}

#[tokio::test]
async fn a_held_version_is_not_sent_again() {
    let rig = Rig::start().await;
    for path in ["/", "/static/js/main.js", "/static/images/logo.png"] {
        let tag = header(&rig.get(path).send().await.expect("an answer"), ETAG).to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'));
        for held in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let again = rig.get(path).header("if-none-match", held).send().await.expect("an answer");
            assert_eq!((again.status().as_u16(), header(&again, ETAG)), (304, tag.as_str()));
            assert!(again.bytes().await.expect("a body").is_empty());
        }
        let other = rig.get(path).header("if-none-match", "\"other\"").send().await.expect("an answer");
        assert_eq!(other.status(), 200);
    }
}

/// Bytes of a page or an asset uncompressed, and its validator, by which it is not sent again.
async fn sent(rig: &Rig, path: &str) -> (usize, String) {
    let asked = || rig.get(path).header(ACCEPT_ENCODING, "identity");
    let answer = asked().send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    let tag = header(&answer, ETAG).to_owned();
    let again = asked().header("if-none-match", &tag).send().await.expect("an answer");
    assert_eq!((again.status().as_u16(), header(&again, ETAG)), (304, tag.as_str()), "{path}");
    (answer.bytes().await.expect("a body").len(), tag)
}

#[tokio::test]
async fn what_the_pages_take_goes_by_their_weight() {
    let usual = Rig::start().await;
    for (weight, factor) in [("0.1", 0.1), ("5", 5.0)] {
        let rig = Rig::with(|config| config.page_weight = weight.parse().expect("a weight")).await;
        for path in ["/", "/events", "/static/css/main.css", "/static/js/main.js", "/static/images/hero.png"]
        {
            let ((bytes, tag), (before, tag_before)) = (sent(&rig, path).await, sent(&usual, path).await);
            let ratio = bytes as f64 / before as f64;
            // What a page needs does not grow, and does not shrink.
            let range = if factor < 1.0 { 0.09..0.35 } else { 0.8 * factor..1.05 * factor };
            assert!(range.contains(&ratio), "{path} at {weight}: {bytes}, {before} at 1");
            assert_ne!(tag, tag_before, "{path} at {weight}");
        }
        assert_eq!(
            sent(&rig, "/static/images/logo.png").await,
            sent(&usual, "/static/images/logo.png").await
        );
        let asked = rig.get("/search?q=kata").send().await.expect("an answer").text().await.expect("text");
        let before = usual.get("/search?q=kata").send().await.expect("an answer").text().await.expect("text");
        assert!((asked.len() > before.len()) == (factor > 1.0), "a search weighs as other pages do");
    }
}

#[tokio::test]
async fn the_same_weight_is_the_same_bytes() {
    let weighed = || Rig::with(|config| config.page_weight = "0.5".parse().expect("a weight"));
    let (one, other) = (weighed().await, weighed().await);
    for path in ["/", "/static/css/main.css", "/static/js/main.js", "/static/images/hero.png"] {
        assert_eq!(sent(&one, path).await, sent(&other, path).await);
    }
}

#[tokio::test]
async fn head_says_what_get_would() {
    let rig = Rig::start().await;
    for path in ["/", "/static/images/hero.png"] {
        let get = rig.get(path).send().await.expect("an answer");
        let head = rig.request("HEAD", path).send().await.expect("an answer");
        assert_eq!(head.status(), 200);
        for name in [CONTENT_TYPE, CONTENT_LENGTH, ETAG] {
            assert_eq!(header(&get, name.clone()), header(&head, name));
        }
        assert!(head.bytes().await.expect("a body").is_empty());
    }
}

#[tokio::test]
async fn the_dashboard_is_for_those_who_signed_in() {
    let rig = Rig::start().await;
    for bad in ["", "access_token=nonsense"] {
        let turned_away = rig.get("/dashboard").header("cookie", bad).send().await.expect("an answer");
        assert_eq!(
            (turned_away.status().as_u16(), header(&turned_away, reqwest::header::LOCATION)),
            (302, "/login")
        );
    }
    let credentials = json!({"email": "loadtest_user_0@wwmaa.com", "password": "test_password_123"});
    let login = rig.post("/api/auth/login", &credentials).send().await.expect("an answer");
    let login: Value = login.json().await.expect("JSON");
    let token = login["access_token"].as_str().expect("a token");
    let by_cookie = rig.get("/dashboard").header("cookie", format!("a=b; access_token={token}"));
    let by_header = rig.get("/dashboard").bearer_auth(token);
    for request in [by_cookie, by_header] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, CACHE_CONTROL), "private, no-cache");
        assert!(answer.text().await.expect("text").contains("data-list=\"dashboard\""));
    }
}
