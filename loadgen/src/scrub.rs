//! Secrets are taken out of what others say before it is written or told: a target's answers, addresses that pages ask for.

/// What stands where a secret was.
const GONE: &str = "[scrubbed]";
/// What secrets begin with, wherever they are: Stripe's keys, JSON web tokens, keys of Google's.
const BEGINNINGS: [&str; 7] = ["whsec_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "eyJ", "AIza"];
/// After one of these, whatever is next is a secret.
const SCHEMES: [&str; 2] = ["bearer", "basic"];
/// What names a secret ends with: `Authorization: …`, `"refresh_token": "…"`.
const NAMES: [&str; 10] = [
    "authorization",
    "token",
    "secret",
    "password",
    "cookie",
    "api_key",
    "apikey",
    // Of servers for ICE, and of addresses that are signed for whoever has them.
    "credential",
    "signature",
    "sig",
];

/// `text` without secrets: whatever follows `bearer` or a name such as `token:`, and whatever looks like a key.
pub fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut expected, mut of_cookie) = (text, false, false);
    while !rest.is_empty() {
        let between = rest.len() - rest.trim_start_matches(|c| !of_word(c)).len();
        let (gap, next) = rest.split_at(between);
        let end = next.find(|c| !of_word(c)).unwrap_or(next.len());
        let (word, after) = next.split_at(end);
        out.push_str(gap);
        let lower = word.to_ascii_lowercase();
        // A type of token, as in `"token_type": "bearer"`, says nothing of what comes next.
        let scheme = SCHEMES.contains(&lower.as_str()) && after.starts_with(char::is_whitespace);
        let named = NAMES.iter().any(|name| lower.ends_with(name)) && assigns(after);
        let secret = !scheme && (expected || BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)));
        out.push_str(if secret && !word.is_empty() { GONE } else { word });
        // A cookie's name comes before its value.
        expected = scheme || (named && !secret) || (of_cookie && after.starts_with('='));
        of_cookie = named && lower.ends_with("cookie");
        rest = after;
    }
    out
}

/// An address without the secrets of its query; search terms and the like stay.
pub(crate) fn scrub_query(url: &str) -> String {
    match url.split_once('?') {
        Some((path, query)) => format!("{path}?{}", scrub(query)),
        None => url.to_owned(),
    }
}

/// Whether a character may be part of a name or of a secret.
fn of_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.~+/%@".contains(c)
}

/// Whether what was named is given its value next: `: `, `=`, `":"`.
fn assigns(after: &str) -> bool {
    let gap: String = after.chars().take_while(|c| !of_word(*c)).collect();
    gap.contains([':', '='])
}

#[cfg(test)]
mod tests;
