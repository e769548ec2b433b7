//! search-load: what it plans, and that a wrong answer is seen to be wrong.

use std::sync::Arc;

use axum::{Json, Router, extract::Query as Params, http::StatusCode, response::IntoResponse, routing::get};
use contract::search::{SearchPage, SearchParams, SearchResult, SearchType};
use fixtures::{Content, Query, QueryKind};

use crate::scopes::{full, plan};
use crate::stage::{Play, WORLD, all_faults, body, faults, play, samples, share};

const SEARCH: &str = "GET /api/search";

/// Enough queries of one member to meet every kind, with and without a known answer.
fn many() -> Play {
    Play::Turns { flow: 0, turns: (0..60).map(|number| (7, number)).collect() }
}

/// Finds what is known to be an answer and nothing else; `lie` may spoil it.
fn server(
    lie: impl Fn(&Query, &mut Vec<SearchResult>, &[Content]) + Clone + Send + Sync + 'static,
) -> Router {
    let contents: Arc<[Content]> = WORLD.contents().collect();
    let queries: Arc<[Query]> = WORLD.queries().into();
    let answer = move |Params(asked): Params<SearchParams>| async move {
        let query = queries.iter().find(|query| query.params() == asked).expect("a query of the log");
        let known = contents.iter().filter(|item| query.expected.contains(&item.id));
        let mut results = ranked(known);
        lie(query, &mut results, &contents);
        Json(page(&asked.q, results)).into_response()
    };
    Router::new().route("/api/search", get(answer))
}

fn page(query: &str, results: Vec<SearchResult>) -> SearchPage {
    SearchPage {
        query: query.to_owned(),
        total: results.len() as u64,
        results,
        limit: 20,
        offset: 0,
        took_ms: 1,
        cached: false,
        search_type: SearchType::Keyword,
    }
}

fn ranked<'a>(items: impl Iterator<Item = &'a Content>) -> Vec<SearchResult> {
    items.enumerate().map(|(rank, item)| result(item, 1.0 - rank as f64 / 1_000.0)).collect()
}

fn result(item: &Content, score: f64) -> SearchResult {
    SearchResult {
        id: item.id.clone(),
        content_type: item.content_type,
        title: item.title.clone(),
        snippet: item.snippet.clone(),
        url: item.url.clone(),
        score,
        relevance_score: score,
        style: item.style.clone(),
        location: item.location.clone(),
        level: item.level.clone(),
        published_at: Some(item.published_at),
    }
}

#[test]
fn a_thousand_queries_a_minute_of_four_kinds() {
    let plan = plan("search-load", &full());
    assert_eq!(plan.needs.requests, plan.flows[0].load.planned_starts());
    assert!((6_950..=7_050).contains(&plan.needs.requests), "{}", plan.needs.requests);
    assert_eq!(plan.needs.connections, 100);
    let lines: Vec<String> = plan.script.intents().collect();
    assert_eq!(lines.len() as u64, plan.needs.requests);
    let share =
        |of: fn(&str) -> bool| lines.iter().filter(|line| of(line)).count() as f64 / lines.len() as f64;
    let words_only = share(|line| !line.contains('&'));
    let semantic = share(|line| line.contains("semantic=true"));
    assert!((words_only - 0.4).abs() < 0.02 && (semantic - 0.2).abs() < 0.02, "{words_only} {semantic}");
}

#[tokio::test]
async fn right_answers_are_no_errors() {
    let run = play("search-load", server(|_, _, _| {}), many()).await;
    assert_eq!(all_faults(&run), []);
    assert_eq!(samples(&run, SEARCH), 60);
    let kinds = ["simple", "filtered", "semantic", "complex"].map(|kind| samples(&run, kind));
    assert!(kinds.iter().all(|&n| n > 0), "{kinds:?}");
    assert_eq!(kinds.iter().sum::<u64>(), 60);
}

#[tokio::test]
async fn a_filter_that_does_not_filter_is_seen() {
    // The answer comes first, so only filters can be broken.
    let lie = |query: &Query, results: &mut Vec<SearchResult>, contents: &[Content]| {
        if matches!(query.kind, QueryKind::Filtered | QueryKind::Complex) {
            results.extend(contents.iter().map(|item| result(item, 0.1)));
        }
    };
    let run = play("search-load", server(lie), many()).await;
    let filtered = samples(&run, "filtered") + samples(&run, "complex");
    assert_eq!(faults(&run, SEARCH), [(body("results satisfy the filters"), filtered)]);
    assert_eq!(share(&run, "search_filters_hold"), (0, filtered));
}

#[tokio::test]
async fn relevance_must_descend() {
    let lie = |query: &Query, results: &mut Vec<SearchResult>, contents: &[Content]| {
        if query.semantic() {
            results.extend([result(&contents[0], 0.5), result(&contents[1], 2.0)]);
        }
    };
    let run = play("search-load", server(lie), many()).await;
    let semantic = samples(&run, "semantic");
    assert_eq!(faults(&run, "semantic"), [(body("relevance descends"), semantic)]);
    assert_eq!(faults(&run, SEARCH), [(body("relevance descends"), semantic)]);
}

#[tokio::test]
async fn a_known_answer_beyond_the_tenth_is_missing() {
    let lie = |query: &Query, results: &mut Vec<SearchResult>, contents: &[Content]| {
        if query.kind == QueryKind::Simple && !query.expected.is_empty() {
            let others = contents.iter().filter(|item| !query.expected.contains(&item.id));
            let mut late = ranked(others.take(10));
            late.append(results);
            *results = late;
        }
    };
    let run = play("search-load", server(lie), many()).await;
    let kinds: Vec<_> = faults(&run, SEARCH).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [body("known answer in the first ten")]);
    let (found, missing) = share(&run, "search_known_answers_found");
    assert!(found > 0 && missing > 0, "{found} {missing}");
}

#[tokio::test]
async fn without_results_an_answer_is_none() {
    let bare = Router::new().route("/api/search", get(|| async { Json(serde_json::json!({"total": 0})) }));
    let run = play("search-load", bare, Play::Turns { flow: 0, turns: vec![(0, 0)] }).await;
    assert_eq!(faults(&run, SEARCH), [(body("shape differs"), 1)]);

    let text = Router::new().route("/api/search", get(|| async { "{\"results\":[]}" }));
    let run = play("search-load", text, Play::Turns { flow: 0, turns: vec![(0, 0)] }).await;
    assert_eq!(faults(&run, SEARCH), [(body("not JSON"), 1)]);

    let down = Router::new().route("/api/search", get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
    let run = play("search-load", down, Play::Turns { flow: 0, turns: vec![(0, 0)] }).await;
    assert_eq!(faults(&run, SEARCH), [(engine::record::FaultKind::Status(503), 1)]);
}
