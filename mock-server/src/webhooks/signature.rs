//! Whether Stripe signed a delivery, and what planted defects make of that.

use contract::stripe::{SignatureError, verify};

use crate::clock;
use crate::defects::Defect;
use crate::mock::Mock;

/// Checks a delivery's signature header against its body.
pub(super) fn check(mock: &Mock, header: &str, body: &[u8]) -> Result<(), SignatureError> {
    let defects = &mock.settings.defects;
    let now = clock::wall().timestamp();
    let verdict = if defects.has(Defect::LastV1Only) {
        verify(&mock.settings.stripe_secret, &with_last_v1_only(header), body, now)
    } else {
        verify(&mock.settings.stripe_secret, header, body, now)
    };
    match verdict {
        // The signature is compared before the timestamp, so only that is wrong.
        Err(SignatureError::Stale) if defects.has(Defect::StaleTimestampAccepted) => Ok(()),
        verdict => verdict,
    }
}

/// The header as somebody reads it who keeps one value per scheme: a later one overwrites an earlier one.
fn with_last_v1_only(header: &str) -> String {
    let is_v1 = |item: &&str| item.trim_start().starts_with("v1=");
    let last = header.split(',').rfind(is_v1);
    let others = header.split(',').filter(|item| !is_v1(item));
    others.chain(last).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::with_last_v1_only;

    #[test]
    fn the_last_v1_is_kept_and_other_schemes_too() {
        assert_eq!(with_last_v1_only("t=1,v1=aa,v0=bb,v1=cc"), "t=1,v0=bb,v1=cc");
        assert_eq!(with_last_v1_only("t=1"), "t=1");
    }
}
