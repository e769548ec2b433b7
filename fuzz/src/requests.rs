//! Whole requests, written as HTTP/1.1 is: `METHOD PATH`, a line per header, an empty line, the body. Lines end with a
//! line feed. What nobody guesses is filled in: `$MEMBER`, `$SESSION` and `$VIDEO` stand for good tokens,
//! `$SFU` for the path of the SFU's application, `$SIGNATURE` for Stripe's signature of the body.

use axum::body::Body;
use contract::stripe;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::mock::Mock;

/// Whatever is asked, the answer keeps what every answer promises ([`Mock::ask`]).
pub fn check(mock: &Mock, data: &[u8]) {
    if let Some(request) = read(mock, data) {
        mock.ask(request);
    }
}

/// The request, unless the HTTP library itself would refuse it.
fn read(mock: &Mock, data: &[u8]) -> Option<Request<Body>> {
    let end = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let (head, body) = (String::from_utf8_lossy(&data[..end]), data.get(end + 2..).unwrap_or_default());
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = Request::new(Body::from(fill(mock, &String::from_utf8_lossy(body), body)));
    if std::str::from_utf8(body).is_err() {
        *request.body_mut() = Body::from(body.to_vec());
    }
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() =
        path.replace("$SFU", &mock.sfu).parse::<Uri>().ok().filter(|uri| uri.path().starts_with('/'))?;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let value = HeaderValue::try_from(fill(mock, value.trim(), body)).ok()?;
        request.headers_mut().append(name.parse::<HeaderName>().ok()?, value);
    }
    Some(request)
}

fn fill(mock: &Mock, text: &str, body: &[u8]) -> String {
    // The wall clock is the mock's; a signature from the future passes, as Stripe's own libraries let it.
    let signature = || stripe::header(&[stripe::DEFAULT_SECRET], i64::from(u32::MAX), body);
    let text = text
        .replace("$MEMBER", &mock.member)
        .replace("$SESSION", &mock.session)
        .replace("$VIDEO", &mock.video);
    if text.contains("$SIGNATURE") { text.replace("$SIGNATURE", &signature()) } else { text }
}
