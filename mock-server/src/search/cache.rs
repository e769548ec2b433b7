//! Answers kept for a while, bounded in time and number.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use contract::search::{CACHE_SECONDS, SearchPage, SearchParams};

use crate::sync::lock;

/// Answers kept at once; the oldest go first.
const ENTRIES: usize = 4_096;

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<SearchParams, (DateTime<Utc>, Arc<SearchPage>)>,
    /// Soonest to expire first; every answer lives as long.
    expiries: VecDeque<(DateTime<Utc>, SearchParams)>,
}

/// Answers by their parameters.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: Mutex<Kept>,
}

impl Cache {
    /// The answer to these parameters, if it is not older than it may be.
    pub(crate) fn get(&self, params: &SearchParams, now: DateTime<Utc>) -> Option<Arc<SearchPage>> {
        let kept = lock(&self.kept);
        let (expires, answer) = kept.answers.get(params)?;
        (now < *expires).then(|| Arc::clone(answer))
    }

    /// Keeps an answer from now on.
    pub(crate) fn put(&self, params: SearchParams, answer: Arc<SearchPage>, now: DateTime<Utc>) {
        let expires = now + Duration::from_secs(CACHE_SECONDS);
        let kept = &mut *lock(&self.kept);
        while let Some((end, _)) = kept.expiries.front() {
            if *end > now && kept.expiries.len() < ENTRIES {
                break;
            }
            let Some((end, gone)) = kept.expiries.pop_front() else { break };
            // Two that asked at once may both have put the same answer here.
            if kept.answers.get(&gone).is_some_and(|(expires, _)| *expires <= end) {
                kept.answers.remove(&gone);
            }
        }
        kept.expiries.push_back((expires, params.clone()));
        kept.answers.insert(params, (expires, answer));
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *lock(&self.kept) = Kept::default();
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use contract::search::SearchType;

    use super::*;

    fn asked(n: usize) -> SearchParams {
        SearchParams { q: format!("kata {n}"), ..SearchParams::default() }
    }

    fn answer() -> Arc<SearchPage> {
        Arc::new(SearchPage {
            query: String::new(),
            results: Vec::new(),
            total: 0,
            limit: 20,
            offset: 0,
            took_ms: 0,
            cached: false,
            search_type: SearchType::Keyword,
        })
    }

    #[test]
    fn an_answer_lives_300_seconds() {
        let cache = Cache::default();
        let start = fixtures::epoch();
        cache.put(asked(0), answer(), start);
        assert!(cache.get(&asked(0), start + TimeDelta::milliseconds(299_999)).is_some());
        assert!(cache.get(&asked(0), start + TimeDelta::seconds(300)).is_none());
        assert!(cache.get(&asked(1), start).is_none());
        cache.put(asked(0), answer(), start + TimeDelta::seconds(301));
        assert!(cache.get(&asked(0), start + TimeDelta::seconds(302)).is_some());
    }

    #[test]
    fn answers_are_bounded_and_the_oldest_go_first() {
        let cache = Cache::default();
        let start = fixtures::epoch();
        for n in 0..ENTRIES + 10 {
            cache.put(asked(n), answer(), start + Duration::from_millis(n as u64));
        }
        assert_eq!(lock(&cache.kept).answers.len(), ENTRIES);
        assert_eq!(lock(&cache.kept).expiries.len(), ENTRIES);
        let late = start + TimeDelta::seconds(10);
        assert!(cache.get(&asked(9), late).is_none());
        assert!(cache.get(&asked(10), late).is_some());
        cache.put(asked(0), answer(), start + TimeDelta::seconds(1_000));
        assert_eq!(lock(&cache.kept).answers.len(), 1);
        cache.clear();
        assert_eq!(lock(&cache.kept).answers.len(), 0);
    }
}
