//! Creating an account.

use contract::auth::{RegisterInput, RegisterOutput};
use contract::{ApiError, FieldError, Nothing};
use serde_json::{Value, json};

use super::people::Person;
use crate::caller::Caller;
use crate::mock::Mock;

/// Characters of which a password needs one.
const SPECIAL: &str = "!@#$%^&*()_+-=[]{}|;:,.<>?";
/// Top-level domains that mail never reaches (RFC 2606, RFC 6762); `example.com` passes.
const RESERVED_DOMAINS: [&str; 3] = ["test", "local", "invalid"];

pub(super) fn register(
    mock: &Mock,
    _: &Caller,
    _: Nothing,
    input: RegisterInput,
) -> Result<RegisterOutput, ApiError> {
    let faults = faults(&input);
    if !faults.is_empty() {
        return Err(ApiError::unprocessable(faults));
    }
    let email = input.email.trim().to_lowercase();
    let password = mock.auth.passwords.digest(&input.password);
    let mut people = mock.auth.people_mut();
    if people.by_email(&email).is_some() {
        return Err(ApiError::bad_request("Email address already registered"));
    }
    if !people.has_room() {
        return Err(ApiError::new(503, "No more accounts can be registered here").retry_after(60));
    }
    let person = Person::registered(email, input.first_name, input.last_name, password);
    let output = RegisterOutput {
        message: "Registration successful. Please check your email to verify your account.".to_owned(),
        user_id: person.id.clone(),
        email: person.email.clone(),
        verification_required: true,
    };
    people.push(person);
    Ok(output)
}

/// Everything that is wrong with a registration.
fn faults(input: &RegisterInput) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, problem: Option<String>, sent: Value| {
        faults.extend(problem.map(|msg| {
            FieldError::new("value_error", &["body", field], format!("Value error, {msg}"), sent)
        }));
    };
    fault("email", email_fault(input.email.trim()), json!(input.email));
    // A password is not sent back, not even a refused one.
    fault("password", password_fault(&input.password), Value::Null);
    fault("first_name", length_fault(&input.first_name, 1, 100), json!(input.first_name));
    fault("last_name", length_fault(&input.last_name, 1, 100), json!(input.last_name));
    fault("phone", input.phone.as_deref().and_then(|phone| length_fault(phone, 0, 20)), json!(input.phone));
    let terms = (!input.terms_accepted).then(|| "the terms must be accepted".to_owned());
    fault("terms_accepted", terms, json!(input.terms_accepted));
    faults
}

fn length_fault(text: &str, min: usize, max: usize) -> Option<String> {
    let length = text.trim().chars().count();
    (length < min || length > max).then(|| format!("it must have {min} to {max} characters"))
}

fn email_fault(email: &str) -> Option<String> {
    let not_valid = || Some("it is not a valid email address".to_owned());
    let Some((local, domain)) = email.rsplit_once('@') else { return not_valid() };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let local_is_fine = !local.is_empty()
        && local.len() <= 64
        && local.split('.').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
        });
    if !local_is_fine || email.len() > 254 || !domain.contains('.') || !domain.split('.').all(label) {
        return not_valid();
    }
    let top = domain.rsplit('.').next().unwrap_or_default().to_lowercase();
    RESERVED_DOMAINS
        .contains(&top.as_str())
        .then(|| format!("the domain .{top} is reserved and receives no mail"))
}

fn password_fault(password: &str) -> Option<String> {
    let needs = [
        (password.chars().count() >= 8, "at least 8 characters"),
        (password.chars().any(char::is_uppercase), "an upper-case letter"),
        (password.chars().any(char::is_lowercase), "a lower-case letter"),
        (password.chars().any(|c| c.is_ascii_digit()), "a digit"),
        (password.chars().any(|c| SPECIAL.contains(c)), "a special character"),
    ];
    let missing: Vec<&str> = needs.into_iter().filter(|(met, _)| !met).map(|(_, need)| need).collect();
    (!missing.is_empty()).then(|| format!("the password needs {}", missing.join(", ")))
}
