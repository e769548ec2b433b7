//! What a registration's fields must look like, in FastAPI's words.

use contract::events::{Participant, Payment};
use contract::{ApiError, FieldError};
use serde_json::json;

/// Characters a name may have.
const NAME_MAX: usize = 100;
/// Characters a phone number may have.
const PHONE_MAX: usize = 20;
/// Characters a payment method's id may have.
const METHOD_MAX: usize = 255;
/// Top-level domains no mail can reach; WWMAA's backend refuses them.
const UNREACHABLE: &[&str] = &["arpa", "invalid", "local", "localhost", "onion", "test"];

/// Refuses a participant, or a payment, with fields that cannot be.
pub(crate) fn check(who: &Participant, payment: Option<&Payment>) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    let at = ["body", "participant"];
    faults.extend(email_fault(&who.email, &[at[0], at[1], "email"]));
    faults.extend(length_fault(&who.first_name, 1, NAME_MAX, &[at[0], at[1], "first_name"]));
    faults.extend(length_fault(&who.last_name, 1, NAME_MAX, &[at[0], at[1], "last_name"]));
    if let Some(phone) = &who.phone {
        faults.extend(length_fault(phone, 0, PHONE_MAX, &[at[0], at[1], "phone"]));
    }
    if let Some(payment) = payment {
        let loc = ["body", "payment", "payment_method"];
        faults.extend(length_fault(&payment.payment_method, 1, METHOD_MAX, &loc));
    }
    if faults.is_empty() { Ok(()) } else { Err(ApiError::unprocessable(faults)) }
}

/// What is wrong with an address, if anything.
pub(crate) fn email_fault(email: &str, loc: &[&str]) -> Option<FieldError> {
    let reason = address_fault(email.trim())?;
    let message = format!("value is not a valid email address: {reason}");
    Some(FieldError::new("value_error", loc, message, json!(email)))
}

fn address_fault(email: &str) -> Option<&'static str> {
    let Some((local, domain)) = email.rsplit_once('@') else {
        return Some("An email address must have an @-sign.");
    };
    let is_odd =
        |c: char| c.is_whitespace() || c.is_control() || is_unseen(c) || "@,;:<>()[]\\\"".contains(c);
    if local.is_empty() || domain.is_empty() {
        return Some("There must be something on both sides of the @-sign.");
    }
    if local.chars().count() > 64 || email.chars().count() > 254 {
        return Some("The email address is too long.");
    }
    if email.replacen('@', "", 1).contains(is_odd) {
        return Some("The email address contains invalid characters.");
    }
    if local.starts_with('.') || local.ends_with('.') || email.contains("..") {
        return Some("An email address cannot have a period at an end or two in a row.");
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if labels.len() < 2 || !labels.iter().all(is_label) {
        return Some("The part after the @-sign is not valid.");
    }
    let top = labels.last().map(|label| label.to_lowercase());
    let unreachable = top.is_some_and(|top| UNREACHABLE.contains(&top.as_str()));
    unreachable.then_some("The part after the @-sign is a special-use or reserved name.")
}

/// Characters that have no shape of their own: zero-width ones and those that turn the direction of writing. Two
/// addresses that look the same would be two participants.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn length_fault(text: &str, min: usize, max: usize, loc: &[&str]) -> Option<FieldError> {
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let length = text.trim().chars().count();
    if length < min {
        let message = format!("String should have at least {min} character{}", plural(min));
        return Some(FieldError::new("string_too_short", loc, message, json!(text)));
    }
    let message = format!("String should have at most {max} characters");
    (length > max).then(|| FieldError::new("string_too_long", loc, message, json!(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_have_pass_and_others_do_not() {
        for email in
            ["loadtest+ab12_7@wwmaa.com", "o'brien@example.com", "søren@example.org", " ana@example.com "]
        {
            assert_eq!(address_fault(email.trim()), None, "{email}");
        }
        for email in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "ana@example",
            "a b@example.com",
            "a@b@example.com",
            "ana@.com",
            "ana@exa_mple.com",
            "ana@example..com",
            ".ana@example.com",
            "ana@mail.test",
            "ana@box.LOCAL",
            "ana@-x.com",
            "a\u{200b}na@example.com",
            "a\u{202e}na@example.com",
        ] {
            assert!(address_fault(email).is_some(), "{email}");
        }
        assert!(address_fault(&format!("{}@example.com", "a".repeat(65))).is_some());
    }
}
