//! What is warmed, what is left alone, and how that is found out afterwards.

use contract::events::{Event, EventPage, EventStatus, Visibility};
use contract::search::{Filters, SearchPage, SearchResult, SearchType};
use contract::subscriptions::PlanList;
use fixtures::{Content, Query, QueryKind, embedding};
use redis::AsyncCommands as _;
use seeder::check::Verdict::{Fails, Holds, NotJudged};
use sha2::{Digest as _, Sha256};

use super::{Site, WORLD, sum, tally, verdicts};

const FIRST_PAGE: &str = "events:list:limit=20&page=1";
const LOAD_EVENTS: [&str; 3] = ["evt_load_test_001", "evt_load_test_small", "evt_load_test_baseline"];

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// What anybody sees of the world's events, in the order they are listed in.
fn public_events() -> Vec<Event> {
    let is_public =
        |event: &Event| event.visibility == Visibility::Public && event.status != EventStatus::Draft;
    let mut events: Vec<Event> = WORLD.events().filter(is_public).collect();
    events.sort_by(|a, b| (a.start_date, &a.id).cmp(&(b.start_date, &b.id)));
    events
}

async fn held<T: serde::de::DeserializeOwned>(site: &mut Site, key: &str, seconds: i64) -> T {
    let value: Option<String> = site.redis.get(key).await.expect("a string");
    let ttl: i64 = site.redis.ttl(key).await.expect("a time to live");
    assert!((seconds - 60..=seconds).contains(&ttl), "{key} lives {ttl} s");
    serde_json::from_str(&value.unwrap_or_else(|| panic!("{key} is not warm"))).expect("the contract's shape")
}

#[tokio::test]
async fn event_lists_and_details_are_what_the_api_answers() {
    let mut site = Site::filled().await;
    site.apply().await;
    let public = public_events();
    for (number, events) in (1..).zip(public.chunks(20)).take(5) {
        let page: EventPage = held(&mut site, &format!("events:list:limit=20&page={number}"), 300).await;
        let offset = (number - 1) * 20;
        assert_eq!(page.events, events);
        assert_eq!(
            (page.total, page.limit, page.page, page.offset),
            (public.len() as u64, 20, number, offset)
        );
        assert_eq!(page.has_more, public.len() as u32 > offset + 20);
    }
    for event in WORLD.load_events() {
        assert_eq!(held::<Event>(&mut site, &format!("events:detail:{}", event.id), 600).await, event);
    }
}

#[tokio::test]
async fn plans_and_embeddings_are_what_the_platform_keeps() {
    let mut site = Site::filled().await;
    site.apply().await;
    let plans: PlanList = held(&mut site, "subscriptions:plans", 300).await;
    let prices: Vec<_> = plans.plans.iter().map(|plan| (plan.id.as_str(), plan.price_usd)).collect();
    assert_eq!(prices, [("free", 0.0), ("basic", 29.0), ("premium", 79.0), ("lifetime", 149.0)]);

    let question = WORLD.queries().into_iter().find(Query::semantic).expect("the log has questions");
    let key = format!("embedding:zerodb:{}", sha256(&question.text.to_lowercase()));
    assert_eq!(held::<Vec<f32>>(&mut site, &key, 86_400).await, embedding::embed(&question.text));
}

/// The content of the world behind a result.
fn content_of(result: &SearchResult) -> Content {
    WORLD.contents().find(|item| item.id == result.id).expect("results are content")
}

fn satisfies(item: &Content, filters: &Filters) -> bool {
    let same = |have: &Option<String>, want: &Option<String>| want.is_none() || have == want;
    let day = item.published_at.format("%Y-%m-%d").to_string();
    same(&item.style, &filters.style)
        && same(&item.location, &filters.location)
        && same(&item.level, &filters.level)
        && same(&item.rank, &filters.rank)
        && same(&item.age_group, &filters.age_group)
        && same(&item.category, &filters.category)
        && filters.content_type.is_none_or(|kind| item.content_type == kind)
        && filters.verified.is_none_or(|verified| item.verified == verified)
        && filters.date_from.as_ref().is_none_or(|from| day >= *from)
        && filters.date_to.as_ref().is_none_or(|to| day <= *to)
}

#[tokio::test]
async fn cached_searches_are_right() {
    let mut site = Site::filled().await;
    site.apply().await;
    let log = WORLD.queries();
    let mut warm = 0;
    for key in site.keys().await.into_iter().filter(|key| key.starts_with("search:results:")) {
        let page: SearchPage = held(&mut site, &key, 600).await;
        let is_asked = |query: &&Query| query.text == page.query && !query.semantic() && key == key_of(query);
        let query = log.iter().find(is_asked).expect("it is in the log");
        let first: Vec<&String> = page.results.iter().take(10).map(|result| &result.id).collect();
        assert!(query.expected.iter().all(|id| first.contains(&id)), "{query:?}: {first:?}");
        assert!(
            page.results.iter().all(|result| satisfies(&content_of(result), &query.filters)),
            "{query:?}"
        );
        assert!(page.results.is_sorted_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)).is_lt()));
        assert!(page.total >= page.results.len() as u64 && page.results.len() <= 20);
        let by_kind = match query.kind {
            QueryKind::Filtered => SearchType::Filtered,
            QueryKind::Complex => SearchType::Complex,
            _ => SearchType::Keyword,
        };
        assert_eq!(page.search_type, by_kind);
        warm += 1;
    }
    assert!(warm > 60, "{warm}");
    assert_eq!(key_of(&log[0]), format!("search:results:{}", sha256("limit=20&offset=0&q=kata")));
}

/// As the key is documented: the query string with its names in order.
fn key_of(query: &Query) -> String {
    let path = <contract::search::Search as contract::Endpoint>::path(&query.params());
    let (_, given) = path.split_once('?').expect("a query");
    let lower = form(&query.text.to_lowercase());
    let mut pairs = vec!["limit=20".to_owned(), "offset=0".to_owned(), format!("q={lower}")];
    pairs.extend(given.split('&').filter(|pair| !pair.starts_with("q=")).map(str::to_owned));
    pairs.sort();
    format!("search:results:{}", sha256(&pairs.join("&")))
}

fn form(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[tokio::test]
async fn an_answer_without_its_known_one_is_never_cached() {
    let mut site = Site::filled().await;
    let before = site.apply().await;
    let answered = |lines: &[seeder::tally::Line]| {
        let line = lines.iter().find(|line| line.table.starts_with("searches")).expect("a line");
        (line.table.clone(), line.tally)
    };
    let known = answered(&before).1.created;
    // Everybody's known answers are hidden by what repeats their words.
    site.sql("UPDATE content SET title = 'gone', body = 'gone'").await;
    let (table, tally) = answered(&site.apply().await);
    assert!(
        tally.deleted > 0 && tally.created == 0 && tally.updated + tally.unchanged + tally.deleted == known
    );
    assert!(table.contains(" left out)"), "{table}");
    let found = site.verify().await.pop().expect("three checks").found;
    assert!(!found.contains(" 0 without their known answer"), "{found}");
}

#[tokio::test]
async fn a_second_run_writes_nothing_and_lets_everything_live_on() {
    let mut site = Site::filled().await;
    let first = site.apply().await;
    assert_eq!((sum(&first).updated, sum(&first).deleted), (0, 0));
    let _: () = site.redis.expire(FIRST_PAGE, 10).await.expect("it is there");
    let second = site.apply().await;
    assert_eq!(sum(&second).changed(), 0);
    assert_eq!(sum(&second).unchanged, sum(&first).created);
    held::<EventPage>(&mut site, FIRST_PAGE, 300).await;
    assert_eq!(verdicts(&site.verify().await), [Holds, Holds, Holds]);
}

#[tokio::test]
async fn a_plan_says_what_applying_does_and_writes_nothing() {
    let mut site = Site::filled().await;
    let plan = site.plan().await;
    assert_eq!(site.keys().await, Vec::<String>::new());
    assert_eq!(site.apply().await, plan);
    site.sql("UPDATE events SET title = 'Another title' WHERE id = 'evt_load_test_001'").await;
    let plan = site.plan().await;
    assert_eq!(tally(&plan, "event details").updated, 1);
    assert_eq!(site.apply().await, plan);
}

#[tokio::test]
async fn what_the_database_says_anew_is_noticed_and_updated() {
    let mut site = Site::filled().await;
    site.apply().await;
    site.sql("UPDATE events SET title = 'Another title' WHERE id = 'evt_load_test_small'").await;
    assert_eq!(verdicts(&site.verify().await), [Holds, Fails, Holds]);
    assert_eq!(tally(&site.apply().await, "event details").updated, 1);
    assert_eq!(verdicts(&site.verify().await), [Holds, Holds, Holds]);
    // An event that is not public any more is taken out of the cache.
    site.sql("UPDATE events SET status = 'draft' WHERE id = 'evt_load_test_small'").await;
    assert_eq!(verdicts(&site.verify().await), [Holds, Fails, Holds]);
    assert_eq!(tally(&site.apply().await, "event details").deleted, 1);
    assert!(!site.keys().await.contains(&"events:detail:evt_load_test_small".to_owned()));
}

#[tokio::test]
async fn what_expired_is_warmed_again() {
    let mut site = Site::filled().await;
    assert_eq!(verdicts(&site.verify().await), [NotJudged, NotJudged, Holds]);
    site.apply().await;
    let _: () = site.redis.pexpire(FIRST_PAGE, -1).await.expect("it is there");
    let checks = site.verify().await;
    assert_eq!(verdicts(&checks), [Holds, Holds, Holds]);
    assert!(checks[0].found.contains(" held, 1 expired, 0 written anew"), "{}", checks[0].found);
    assert_eq!(tally(&site.apply().await, "event lists").created, 1);
}

#[tokio::test]
async fn what_the_platform_cached_itself_is_left_alone() {
    let mut site = Site::filled().await;
    let _: () = site.redis.set(FIRST_PAGE, "the platform's page").await.expect("set");
    let _: () = site.redis.hset("subscriptions:plans", "of", "another type").await.expect("set");
    let lines = site.apply().await;
    assert_eq!(tally(&lines, "the platform's own").unchanged, 2);
    assert_eq!(tally(&lines, "plans").total(), 0);
    // One of the seeder's expires, and the platform answers there.
    let _: () = site.redis.set("events:detail:evt_load_test_001", "the platform's event").await.expect("set");
    assert_eq!(tally(&site.apply().await, "the platform's own").unchanged, 3);
    let checks = site.verify().await;
    assert_eq!(verdicts(&checks), [Holds, Holds, Holds]);
    assert!(checks[0].found.contains(" 1 written anew"), "{}", checks[0].found);
    for (key, value) in
        [(FIRST_PAGE, "the platform's page"), ("events:detail:evt_load_test_001", "the platform's event")]
    {
        assert_eq!(site.redis.get::<_, String>(key).await.expect("it is there"), value);
    }
}

#[tokio::test]
async fn an_entry_that_would_never_expire_is_found() {
    let mut site = Site::filled().await;
    site.apply().await;
    let _: () = site.redis.persist(FIRST_PAGE).await.expect("it is there");
    assert_eq!(verdicts(&site.verify().await), [Fails, Holds, Holds]);
    site.apply().await;
    assert_eq!(verdicts(&site.verify().await), [Holds, Holds, Holds]);
}

#[tokio::test]
async fn empty_tables_make_empty_lists() {
    let mut site = Site::empty().await;
    let lines = site.apply().await;
    let page: EventPage = held(&mut site, FIRST_PAGE, 300).await;
    assert_eq!((page.events.len(), page.total, page.has_more), (0, 0, false));
    assert_eq!(tally(&lines, "event lists").created, 1);
    assert!(site.keys().await.iter().all(|key| LOAD_EVENTS.iter().all(|id| !key.ends_with(id))));
}
