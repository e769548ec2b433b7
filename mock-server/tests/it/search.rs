//! Search over HTTP: answers that are known come first, filters really filter, repeats say so.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use contract::Endpoint as _;
use contract::search::{ContentType, Filters, Search, SearchPage, SearchParams, SearchResult, SearchType};
use fixtures::{Content, Event, Instructor, QueryKind, Size, World};
use serde_json::{Value, json};

use crate::rig::Rig;

/// Enough content for every answer of the query log, few people.
fn library() -> World {
    World::new(
        fixtures::DEFAULT_SEED,
        Size { members: 300, instructors: 200, events: 40, content: 5_000, ..Size::scaled(1) },
    )
}

async fn ask(rig: &Rig, params: &SearchParams) -> SearchPage {
    let answer = rig.get(&Search::path(params)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{params:?}");
    answer.json().await.expect("a page of results")
}

fn words(q: &str) -> SearchParams {
    SearchParams { q: q.to_owned(), ..SearchParams::default() }
}

fn assert_ordered(page: &SearchPage) {
    assert!(page.results.is_sorted_by(|a, b| a.score >= b.score), "{}", page.query);
    assert!(page.results.is_sorted_by(|a, b| a.relevance_score >= b.relevance_score), "{}", page.query);
    assert!(
        page.results.iter().all(|result| (0.0..=1.0).contains(&result.relevance_score)),
        "{}",
        page.query
    );
}

/// What filters ask of the rows of the world themselves, written down once more.
struct Shelf {
    contents: BTreeMap<String, Content>,
    events: BTreeMap<String, Event>,
    instructors: BTreeMap<String, Instructor>,
}

impl Shelf {
    fn of(world: &World) -> Self {
        Self {
            contents: world.contents().map(|row| (row.id.clone(), row)).collect(),
            events: world.events().map(|row| (row.id.clone(), row)).collect(),
            instructors: world.instructors().map(|row| (row.id.clone(), row)).collect(),
        }
    }

    fn satisfies(&self, result: &SearchResult, filters: &Filters) -> bool {
        let is = |have: Option<&str>, want: &Option<String>| {
            want.as_deref().is_none_or(|want| have.is_some_and(|have| have.eq_ignore_ascii_case(want)))
        };
        let day =
            |text: &str| text.parse::<chrono::NaiveDate>().expect("the log writes days").and_hms_opt(0, 0, 0);
        let start = |text: &str| -> DateTime<Utc> { day(text).expect("midnight exists").and_utc() };
        let published = |at: DateTime<Utc>| {
            filters.date_from.as_deref().is_none_or(|from| at >= start(from))
                && filters.date_to.as_deref().is_none_or(|to| at < start(to) + TimeDelta::days(1))
        };
        if filters.content_type.is_some_and(|kind| result.content_type != kind) {
            return false;
        }
        if let Some(event) = self.events.get(&result.id) {
            let place = if event.is_online { "online" } else { event.city.as_str() };
            return is(Some(&event.style), &filters.style)
                && is(Some(place), &filters.location)
                && is(event.instructor_name.as_deref(), &filters.instructor)
                && [&filters.level, &filters.rank, &filters.age_group, &filters.category]
                    .iter()
                    .all(|f| f.is_none())
                && filters.verified != Some(true)
                && published(event.created_at);
        }
        if let Some(person) = self.instructors.get(&result.id) {
            let name = format!("{} {}", person.first_name, person.last_name);
            return is(Some(&person.style), &filters.style)
                && is(Some(&person.city), &filters.location)
                && is(Some(&name), &filters.instructor)
                && is(Some("black"), &filters.rank)
                && [&filters.level, &filters.age_group, &filters.category].iter().all(|f| f.is_none())
                && filters.verified != Some(true)
                && published(person.joined_at);
        }
        let row = &self.contents[&result.id];
        is(row.style.as_deref(), &filters.style)
            && is(row.location.as_deref(), &filters.location)
            && is(row.instructor.as_deref(), &filters.instructor)
            && is(row.level.as_deref(), &filters.level)
            && is(row.rank.as_deref(), &filters.rank)
            && is(row.age_group.as_deref(), &filters.age_group)
            && is(row.category.as_deref(), &filters.category)
            && filters.verified.is_none_or(|verified| row.verified == verified)
            && published(row.published_at)
    }
}

/// One mock for all that needs the whole library: embedding it is the dearest thing these tests do.
#[tokio::test]
async fn the_query_log_is_answered_rightly() {
    let rig = Rig::with(|config| config.world = Some(library())).await;
    let (world, shelf) = (library(), Shelf::of(&library()));
    every_known_answer_is_among_the_first_ten_and_every_filter_holds(&rig, &world, &shelf).await;
    each_filter_alone_leaves_what_satisfies_it(&rig, &shelf).await;
    meaning_is_not_words_renamed(&rig, &world, &shelf).await;
    nothing_is_nearer_than_the_results_of_a_search_by_meaning(&rig, &world, &shelf).await;
}

async fn every_known_answer_is_among_the_first_ten_and_every_filter_holds(
    rig: &Rig,
    world: &World,
    shelf: &Shelf,
) {
    let (mut answered, mut filtered) = (0, 0);
    for query in world.queries() {
        let page = ask(rig, &query.params()).await;
        assert_ordered(&page);
        let expected_type = match query.kind {
            QueryKind::Simple => SearchType::Keyword,
            QueryKind::Filtered => SearchType::Filtered,
            QueryKind::Semantic => SearchType::Semantic,
            QueryKind::Complex => SearchType::Complex,
        };
        assert_eq!(page.search_type, expected_type, "{query:?}");
        let first_ten: Vec<&str> = page.results.iter().take(10).map(|result| result.id.as_str()).collect();
        for expected in &query.expected {
            assert!(first_ten.contains(&expected.as_str()), "{query:?}: {:#?}", page.results);
            answered += 1;
        }
        for result in &page.results {
            assert!(shelf.satisfies(result, &query.filters), "{query:?}: {result:?}");
            filtered += usize::from(query.filters.count() > 0);
        }
    }
    assert!(
        answered > 50 && filtered > 100,
        "the log asks enough: {answered} answers, {filtered} filtered results"
    );
}

async fn each_filter_alone_leaves_what_satisfies_it(rig: &Rig, shelf: &Shelf) {
    let mine = |edit: fn(&mut Filters, &Content), row: &Content| {
        let mut filters = Filters::default();
        edit(&mut filters, row);
        filters
    };
    let edits: [fn(&mut Filters, &Content); 11] = [
        |filters, row| filters.style.clone_from(&row.style),
        |filters, row| filters.location.clone_from(&row.location),
        |filters, row| filters.instructor.clone_from(&row.instructor),
        |filters, row| filters.level.clone_from(&row.level),
        |filters, row| filters.rank.clone_from(&row.rank),
        |filters, row| filters.age_group.clone_from(&row.age_group),
        |filters, row| filters.category.clone_from(&row.category),
        |filters, row| filters.content_type = Some(row.content_type),
        |filters, row| filters.verified = Some(row.verified),
        |filters, row| filters.date_from = Some(row.published_at.format("%Y-%m-%d").to_string()),
        |filters, row| filters.date_to = Some(row.published_at.format("%Y-%m-%d").to_string()),
    ];
    for edit in edits {
        // A row that has what is filtered by, and is found by its own title.
        let found = shelf
            .contents
            .values()
            .map(|row| (mine(edit, row), row))
            .find(|(filters, _)| filters.count() == 1);
        let (filters, row) = found.expect("some row has each field");
        let params = SearchParams { limit: Some(100), filters: filters.clone(), ..words(&row.title) };
        let page = ask(rig, &params).await;
        assert!(page.results.iter().any(|result| result.id == row.id), "{filters:?}");
        assert!(page.results.iter().all(|result| shelf.satisfies(result, &filters)), "{filters:?}");
        let everything = ask(rig, &words(&row.title)).await;
        assert!(page.total <= everything.total);
        let semantic = ask(rig, &SearchParams { semantic: Some(true), ..params }).await;
        assert!(semantic.results.iter().all(|result| shelf.satisfies(result, &filters)), "{filters:?}");
    }
}

async fn meaning_is_not_words_renamed(rig: &Rig, world: &World, shelf: &Shelf) {
    let questions: Vec<String> =
        world.queries().into_iter().filter(fixtures::Query::semantic).map(|q| q.text).collect();
    let ids = |page: &SearchPage| page.results.iter().map(|result| result.id.clone()).collect::<Vec<_>>();
    let mut differ = 0;
    for question in &questions {
        let by_words = ask(rig, &words(question)).await;
        let by_meaning = ask(rig, &SearchParams { semantic: Some(true), ..words(question) }).await;
        assert_ordered(&by_meaning);
        differ += usize::from(ids(&by_words) != ids(&by_meaning));
        let nearest = by_meaning.results.first().expect("something is nearest");
        let asked = fixtures::embedding::embed(question);
        if let Some(row) = shelf.contents.get(&nearest.id) {
            let cosine =
                fixtures::embedding::cosine(&asked, &fixtures::embedding::embed(&row.searchable_text()));
            assert!((nearest.relevance_score - f64::from(cosine)).abs() < 1e-4);
        }
    }
    assert!(
        questions.len() >= 10 && differ * 10 >= questions.len() * 9,
        "{differ} of {} differ",
        questions.len()
    );
}

async fn nothing_is_nearer_than_the_results_of_a_search_by_meaning(rig: &Rig, world: &World, shelf: &Shelf) {
    let question =
        world.queries().into_iter().find(fixtures::Query::semantic).expect("the log asks by meaning").text;
    let filters = Filters { content_type: Some(ContentType::Article), ..Filters::default() };
    let page = ask(rig, &SearchParams { semantic: Some(true), filters, ..words(&question) }).await;
    let asked = fixtures::embedding::embed(&question);
    let found: BTreeSet<&str> = page.results.iter().map(|result| result.id.as_str()).collect();
    let furthest = page.results.last().expect("a full page").score;
    let nearer = shelf
        .contents
        .values()
        .filter(|row| row.content_type == ContentType::Article && !found.contains(row.id.as_str()))
        .filter(|row| {
            let cosine =
                fixtures::embedding::cosine(&asked, &fixtures::embedding::embed(&row.searchable_text()));
            f64::from(cosine) > furthest + 1e-5
        });
    assert_eq!(nearer.count(), 0);
}

#[tokio::test]
async fn events_and_instructors_are_found_and_secrets_are_not() {
    let (rig, world) = (Rig::start().await, crate::rig::small_world());
    let teacher = world.instructor(0);
    let by_type = |kind: ContentType, q: &str| SearchParams {
        filters: Filters { content_type: Some(kind), ..Filters::default() },
        ..words(q)
    };
    let name = format!("{} {}", teacher.first_name, teacher.last_name);
    let page = ask(&rig, &by_type(ContentType::Instructor, &name)).await;
    assert_eq!(page.results[0].id, teacher.id);
    let event = world.event(fixtures::planted::EMPTY);
    let page = ask(&rig, &by_type(ContentType::Event, &event.title)).await;
    assert!(page.results.iter().any(|result| result.id == event.id));
    for hidden in [fixtures::planted::DRAFT, fixtures::planted::MEMBERS_ONLY] {
        let event = world.event(hidden);
        let page =
            ask(&rig, &SearchParams { limit: Some(100), ..by_type(ContentType::Event, &event.title) }).await;
        assert!(page.results.iter().all(|result| result.id != event.id), "{}", event.title);
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_overlap() {
    let rig = Rig::start().await;
    let params =
        |limit, offset| SearchParams { limit: Some(limit), offset: Some(offset), ..words("training class") };
    let whole = ask(&rig, &params(30, 0)).await;
    assert!(whole.total > 30, "{}", whole.total);
    let mut pieces = Vec::new();
    for offset in [0, 10, 20] {
        let page = ask(&rig, &params(10, offset)).await;
        assert_eq!((page.total, page.limit, page.offset), (whole.total, 10, offset));
        pieces.extend(page.results);
    }
    assert_eq!(pieces, whole.results);
    let beyond = ask(&rig, &params(100, u32::MAX)).await;
    assert!(beyond.results.is_empty() && beyond.total == whole.total);
}

#[tokio::test]
async fn a_repeat_comes_from_the_cache_and_says_so() {
    let rig = Rig::start().await;
    let first = ask(&rig, &words("kata")).await;
    let again = ask(&rig, &words("kata")).await;
    assert!(!first.cached && again.cached);
    assert_eq!(first.results, again.results);
    let shouted = ask(&rig, &words(" KATA ")).await;
    assert!(shouted.cached && shouted.query == " KATA ");
    for other in [
        SearchParams { limit: Some(5), ..words("kata") },
        SearchParams { offset: Some(1), ..words("kata") },
        SearchParams { semantic: Some(true), ..words("kata") },
        SearchParams { filters: Filters { verified: Some(true), ..Filters::default() }, ..words("kata") },
    ] {
        assert!(!ask(&rig, &other).await.cached, "{other:?}");
        assert!(ask(&rig, &other).await.cached, "{other:?}");
    }
}

#[tokio::test]
async fn a_snippet_shows_the_match() {
    let rig = Rig::start().await;
    let page = ask(&rig, &SearchParams { limit: Some(100), ..words("kata") }).await;
    let showing = page.results.iter().filter(|result| result.snippet.to_lowercase().contains("kata")).count();
    assert!(showing > 0 && page.results.iter().all(|result| !result.snippet.is_empty()));
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused_by_name() {
    let rig = Rig::start().await;
    let long = "k".repeat(501);
    for (query, field, kind) in [
        ("", "q", "missing"),
        ("?q=", "q", "string_too_short"),
        ("?q=%20%09", "q", "string_too_short"),
        (&format!("?q={long}"), "q", "string_too_long"),
        ("?q=kata&limit=0", "limit", "greater_than_equal"),
        ("?q=kata&limit=101", "limit", "less_than_equal"),
        ("?q=kata&limit=many", "limit", "value_error"),
        ("?q=kata&offset=-1", "offset", "value_error"),
        ("?q=kata&date_from=soon", "date_from", "date_from_datetime_parsing"),
        ("?q=kata&date_to=2027-02-30", "date_to", "date_from_datetime_parsing"),
        ("?q=kata&type=poem", "type", "value_error"),
        ("?verified=maybe&style=judo&q=kata", "verified", "value_error"),
        ("?q=kata&semantic=perhaps", "semantic", "value_error"),
    ] {
        let answer = rig.get(&format!("/api/search{query}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 422, "{query}");
        let body: Value = answer.json().await.expect("JSON");
        let fault = &body["detail"][0];
        assert_eq!((&fault["loc"], &fault["type"]), (&json!(["query", field]), &json!(kind)), "{query}");
    }
    let just_right = "k".repeat(500);
    assert_eq!(ask(&rig, &words(&just_right)).await.total, 0);
}
