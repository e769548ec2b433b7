//! The kinds of cache entry that are warmed, with the optimisation guide's prefixes and times to live.

use contract::Endpoint;
use contract::events::{ListEvents, ListEventsParams};
use contract::search::{Search, SearchParams};
use sha2::{Digest as _, Sha256};

/// A kind of cache entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page of `GET /api/events`, as anybody sees it.
    EventList,
    /// `GET /api/events/{id}`.
    EventDetail,
    /// `GET /api/subscriptions/plans`.
    Plans,
    /// `GET /api/search` by words.
    Search,
    /// The embedding of a query that is searched by meaning.
    Embedding,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::EventList, Self::EventDetail, Self::Plans, Self::Search, Self::Embedding];

    /// Its line in the closing table.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::EventList => "event lists",
            Self::EventDetail => "event details",
            Self::Plans => "plans",
            Self::Search => "searches",
            Self::Embedding => "query embeddings",
        }
    }

    /// What its keys begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::EventList => "events:list:",
            Self::EventDetail => "events:detail:",
            Self::Plans => "subscriptions:plans",
            Self::Search => "search:results:",
            Self::Embedding => "embedding:zerodb:",
        }
    }

    /// Seconds an entry lives.
    pub(super) const fn seconds(self) -> u32 {
        match self {
            Self::EventList | Self::Plans => 300,
            Self::EventDetail | Self::Search => 600,
            Self::Embedding => LONGEST_SECONDS,
        }
    }

    /// The kind of this key.
    pub(super) fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| key.starts_with(kind.prefix()))
    }
}

/// The longest any entry lives.
pub(super) const LONGEST_SECONDS: u32 = 86_400;

/// The key of a page of events: `events:list:limit=20&page=1`. The query behind it is in canonical form: parameters in
/// the order of their names, percent-encoded, limit and page always there, what is at its default otherwise not.
pub(super) fn event_list(limit: u32, page: u32) -> String {
    let params = ListEventsParams { limit: Some(limit), page: Some(page), ..ListEventsParams::default() };
    format!("{}{}", Kind::EventList.prefix(), canonical::<ListEvents>(&params))
}

/// The key of one event.
pub(super) fn event_detail(id: &str) -> String {
    format!("{}{id}", Kind::EventDetail.prefix())
}

/// The key of the plans.
pub(super) fn plans() -> String {
    Kind::Plans.prefix().to_owned()
}

/// The key of a search: the SHA-256 of its query in canonical form, the words [`normalized`], limit and offset always
/// there, as in `level=beginner&limit=20&offset=0&q=front+kick`.
pub(super) fn search(params: &SearchParams, limit: u32) -> String {
    let asked = SearchParams {
        q: normalized(&params.q),
        limit: Some(limit),
        offset: Some(params.offset.unwrap_or(0)),
        ..params.clone()
    };
    format!("{}{}", Kind::Search.prefix(), sha256(&canonical::<Search>(&asked)))
}

/// The key of a query's embedding: the SHA-256 of its [`normalized`] text.
pub(super) fn embedding(text: &str) -> String {
    format!("{}{}", Kind::Embedding.prefix(), sha256(&normalized(text)))
}

/// A query's words as the platform looks them up: without case and surrounding space.
pub(super) fn normalized(text: &str) -> String {
    text.trim().to_lowercase()
}

fn canonical<E: Endpoint>(params: &E::Params) -> String {
    let path = E::path(params);
    let (_, query) = path.split_once('?').unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use contract::search::Filters;

    use super::*;

    #[test]
    fn keys_name_what_was_asked() {
        assert_eq!(event_list(20, 3), "events:list:limit=20&page=3");
        assert_eq!(event_detail("evt_load_test_001"), "events:detail:evt_load_test_001");
        assert_eq!(plans(), "subscriptions:plans");
        let level = Filters { level: Some("beginner".to_owned()), ..Filters::default() };
        let params = SearchParams { q: " Front Kick ".to_owned(), filters: level, ..SearchParams::default() };
        let expected = sha256("level=beginner&limit=20&offset=0&q=front+kick");
        assert_eq!(search(&params, 20), format!("search:results:{expected}"));
        assert_eq!(embedding("Kata "), format!("embedding:zerodb:{}", sha256("kata")));
    }

    #[test]
    fn a_key_tells_its_kind() {
        let keys = [event_list(20, 1), event_detail("x"), plans(), embedding("kata")];
        for (key, kind) in keys.iter().zip([Kind::EventList, Kind::EventDetail, Kind::Plans, Kind::Embedding])
        {
            assert_eq!(Kind::of(key), Some(kind), "{key}");
        }
        assert_eq!(Kind::of("session:1"), None);
    }
}
