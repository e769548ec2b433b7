use bytes::Bytes;
use contract::{Endpoint as _, sfu::NewTracks};
use http::{HeaderMap, Method, StatusCode};

use super::*;

const SECRET: &str = "s3cr3t-of-the-tests";

fn call() -> Outgoing {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer video"));
    let path = "/v1/apps/of-the-token/sessions/of-the-token/tracks/new".to_owned();
    let body = Bytes::from_static(b"{}");
    Outgoing { method: Method::POST, path, signed: None, headers, body, trace: None }
}

#[test]
fn a_call_goes_to_the_base_with_the_account_s_application_and_secret() {
    for (base, origin, path) in [
        (DEFAULT_BASE, "https://rtc.live.cloudflare.com", "/v1/apps/app1/sessions/of-the-token/tracks/new"),
        (
            "https://localhost:9/edge/v2/",
            "https://localhost:9",
            "/edge/v2/apps/app1/sessions/of-the-token/tracks/new",
        ),
        ("http://[::1]:9", "http://[::1]:9", "/apps/app1/sessions/of-the-token/tracks/new"),
    ] {
        let (account, at) = Account::new(base, "app1", SECRET).expect("an account");
        let signed = account.signed(NewTracks::ROUTE, &call());
        assert_eq!((at.as_str(), signed.sent_path()), (origin, path));
        assert_eq!(signed.headers[header::AUTHORIZATION], format!("Bearer {SECRET}"));
        assert_eq!((signed.method, signed.body), (Method::POST, Bytes::from_static(b"{}")));
    }
}

#[test]
fn neither_the_application_nor_its_secret_shows() {
    let (account, _) = Account::new(DEFAULT_BASE, "app1", SECRET).expect("an account");
    let signed = account.signed(NewTracks::ROUTE, &call());
    assert_eq!(signed.path, call().path, "what faults, logs and findings tell of it");
    let shown = format!("{account:?} {signed:?}");
    assert!(!shown.contains("app1") && !shown.contains(SECRET), "{shown}");
}

#[test]
fn what_the_api_says_of_them_is_told_without_them() {
    let (account, _) = Account::new(DEFAULT_BASE, "app1", SECRET).expect("an account");
    let to = HeaderValue::from_static("/v2/apps/app1");
    let mut refused = Received {
        status: StatusCode::FORBIDDEN,
        headers: HeaderMap::from_iter([(header::LOCATION, to)]),
        body: format!("app1 is not open to {SECRET}").into(),
    };
    account.hide(&mut refused);
    assert_eq!(refused.body, "{app_id} is not open to {secret}");
    assert_eq!(refused.headers[header::LOCATION], "/v2/apps/{app_id}");
}

#[test]
fn what_is_no_account_is_refused_without_saying_what_it_was() {
    let refused = |base, id, secret| Account::new(base, id, secret).expect_err("it is none");
    assert_eq!(refused("rtc.live.cloudflare.com", "app1", SECRET), AccountError::Base);
    assert_eq!(refused("https://localhost/v1?app=1", "app1", SECRET), AccountError::Base);
    assert_eq!(refused("https://me:mine@localhost/v1", "app1", SECRET), AccountError::Base);
    assert_eq!(refused("http://rtc.live.cloudflare.com/v1", "app1", SECRET), AccountError::Plain);
    assert_eq!(refused(DEFAULT_BASE, "../app1", SECRET), AccountError::AppId);
    assert_eq!(refused(DEFAULT_BASE, "", SECRET), AccountError::AppId);
    assert_eq!(refused(DEFAULT_BASE, "app1", "two\nlines"), AccountError::Secret);
}
