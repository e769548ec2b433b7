use contract::stripe::{SignatureError, TOLERANCE_SECONDS, header, sign, verify};
use proptest::prelude::*;

const SECRET: &str = "whsec_test_secret";
const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const NOW: i64 = 1_798_761_600;

#[test]
fn hmac_sha256_of_timestamp_dot_body() {
    // printf '1798761600.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret
    assert_eq!(sign(SECRET, NOW, BODY), "02fec6d2ba20e06a2c339617865ea5c13926f71ced8230f001f84b01dc22eb84");
}

#[test]
fn any_one_v1_suffices_wherever_it_stands() {
    for secrets in [[SECRET, "whsec_next"], ["whsec_old", SECRET]] {
        assert_eq!(verify(SECRET, &header(&secrets, NOW, BODY), BODY, NOW), Ok(()));
    }
    let among = format!("v0=beef, t={NOW}, v1=zz, v1={}, v2=x", sign(SECRET, NOW, BODY));
    assert_eq!(verify(SECRET, &among, BODY, NOW), Ok(()));
}

#[test]
fn what_is_refused_and_why() {
    let good = header(&[SECRET], NOW, BODY);
    assert_eq!(verify("whsec_other", &good, BODY, NOW), Err(SignatureError::Mismatch));
    assert_eq!(verify(SECRET, &good, b"{}", NOW), Err(SignatureError::Mismatch));
    assert_eq!(verify(SECRET, &format!("t={NOW}"), BODY, NOW), Err(SignatureError::Malformed));
    assert_eq!(verify(SECRET, "v1=00", BODY, NOW), Err(SignatureError::Malformed));
    assert_eq!(verify(SECRET, "t=soon,v1=00", BODY, NOW), Err(SignatureError::Malformed));
    assert_eq!(verify(SECRET, "", BODY, NOW), Err(SignatureError::Malformed));
    let v0 = good.replace("v1=", "v0=");
    assert_eq!(verify(SECRET, &v0, BODY, NOW), Err(SignatureError::Malformed));
}

#[test]
fn the_tolerance_is_into_the_past_only() {
    let signed = header(&[SECRET], NOW, BODY);
    assert_eq!(verify(SECRET, &signed, BODY, NOW + TOLERANCE_SECONDS), Ok(()));
    assert_eq!(verify(SECRET, &signed, BODY, NOW + TOLERANCE_SECONDS + 1), Err(SignatureError::Stale));
    assert_eq!(verify(SECRET, &signed, BODY, NOW - 3600), Ok(()));
}

proptest! {
    #[test]
    fn no_header_panics_and_none_forges(header in ".{0,200}", body in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(verify(SECRET, &header, &body, NOW).is_err());
    }
}
