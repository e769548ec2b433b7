//! What Sentry asks not to be told for a while: pure, given the time.

use std::{collections::BTreeMap, time::Duration};

use engine::clock::Instant;
use http::{HeaderMap, StatusCode, header};

use super::Category;

/// How long, when Sentry says that it is too much and not for how long.
const UNSAID: Duration = Duration::from_mins(1);
/// The header in which limits are told.
const LIMITS: &str = "x-sentry-rate-limits";

/// Until when which category is not to be told.
#[derive(Debug, Default)]
pub struct Limits(BTreeMap<Category, Instant>);

impl Limits {
    /// Whether something may be told now.
    pub fn allow(&self, category: Category, now: Instant) -> bool {
        self.0.get(&category).is_none_or(|until| *until <= now)
    }

    /// Takes what an answer says. `X-Sentry-Rate-Limits` says it by category and goes before `Retry-After`.
    pub fn hear(&mut self, status: StatusCode, headers: &HeaderMap, now: Instant) {
        let told: Vec<&str> =
            headers.get_all(LIMITS).iter().filter_map(|value| value.to_str().ok()).collect();
        if told.is_empty() {
            if status == StatusCode::TOO_MANY_REQUESTS {
                let asked = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                let length = asked.and_then(seconds).unwrap_or(UNSAID);
                self.limit(&[Category::Error, Category::Transaction], now + length);
            }
            return;
        }
        for limit in told.iter().flat_map(|value| value.split(',')) {
            let mut parts = limit.trim().split(':');
            let length = parts.next().and_then(seconds).unwrap_or(UNSAID);
            self.limit(&categories(parts.next().unwrap_or_default()), now + length);
        }
    }

    fn limit(&mut self, categories: &[Category], until: Instant) {
        for category in categories {
            let known = self.0.entry(*category).or_insert(until);
            *known = until.max(*known);
        }
    }
}

/// `error;transaction`, or nothing for all of them. What is never told from here is of no interest.
fn categories(text: &str) -> Vec<Category> {
    let all = [Category::Error, Category::Transaction];
    let names: Vec<&str> = text.split(';').filter(|name| !name.is_empty()).collect();
    all.into_iter().filter(|category| names.is_empty() || names.contains(&category.name())).collect()
}

/// A length in seconds, whole or not, within a day.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    (0.0..=86_400.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}
