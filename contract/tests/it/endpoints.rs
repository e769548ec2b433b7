use std::collections::BTreeSet;

use contract::endpoint::{Endpoint, read_params};
use contract::events::{
    CreateRsvp, EventParams, EventType, ListEvents, ListEventsParams, ListRegistrations, RegistrationsParams,
};
use contract::search::{ContentType, Filters, Search, SearchParams};
use contract::{ApiError, ENDPOINT_ROUTES, FieldError, measured_routes};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn every_route_has_one_name() {
    let names: Vec<_> = measured_routes().collect();
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), distinct.len());
    assert_eq!(ENDPOINT_ROUTES.len(), 30);
    for route in names {
        let (method, path) = route.split_once(' ').expect("method and path");
        assert!(["GET", "POST", "PUT", "DELETE"].contains(&method), "{route}");
        assert!(path.starts_with('/'), "{route}");
    }
}

#[test]
fn path_parameters_go_into_the_path_and_the_rest_into_the_query() {
    let path = ListRegistrations::path(&RegistrationsParams {
        event_id: "evt load/1".into(),
        email: Some("loadtest+a&b@wwmaa.com".into()),
        limit: None,
        page: None,
    });
    assert_eq!(path, "/api/events/evt%20load%2F1/registrations?email=loadtest%2Ba%26b%40wwmaa.com");
    assert_eq!(CreateRsvp::path(&EventParams { event_id: "evt_1".into() }), "/api/events/evt_1/rsvp");
    assert_eq!(CreateRsvp::method(), "POST");
}

#[test]
fn numbers_booleans_and_enums_read_back_from_a_query() {
    let params = SearchParams {
        q: "how do I keep my balance?".into(),
        limit: Some(20),
        offset: Some(40),
        semantic: Some(true),
        filters: Filters {
            style: Some("karate".into()),
            content_type: Some(ContentType::Video),
            verified: Some(false),
            ..Filters::default()
        },
    };
    let path = Search::path(&params);
    let query = path.split_once('?').expect("a query").1;
    assert_eq!(read_params::<SearchParams>(&[], query).expect("reads back"), params);
    assert_eq!(params.filters.count(), 3);
}

#[test]
fn a_wrong_parameter_is_named() {
    let wrong = read_params::<ListEventsParams>(&[], "limit=many").expect_err("not a number");
    assert_eq!(wrong.field, "limit");
    let wrong = read_params::<ListEventsParams>(&[], "type=picnic").expect_err("not a type");
    assert_eq!(wrong.field, "type");
    let missing = read_params::<SearchParams>(&[], "limit=3").expect_err("q is required");
    assert_eq!(missing.field, "q");
    assert!(missing.is_missing());
}

#[test]
fn a_wrong_filter_is_named_and_not_the_query_beside_it() {
    for (query, field) in [
        ("q=kata&type=poem", "type"),
        ("style=judo&q=kata&verified=maybe", "verified"),
        ("verified=maybe&q=kata&type=poem", "verified"),
    ] {
        let wrong = read_params::<SearchParams>(&[], query).expect_err("not readable");
        assert_eq!(wrong.field, field, "{query}");
    }
}

#[test]
fn a_yes_or_no_may_be_spelled_as_python_and_forms_do() {
    for (spelled, meant) in
        [("true", true), ("True", true), ("1", true), ("on", true), ("FALSE", false), ("0", false)]
    {
        let events: ListEventsParams = read_params(&[], &format!("is_online={spelled}")).expect("reads");
        assert_eq!(events.is_online, Some(meant), "{spelled}");
        let search: SearchParams =
            read_params(&[], &format!("q=kata&semantic={spelled}&verified={spelled}")).expect("reads");
        assert_eq!((search.semantic, search.filters.verified), (Some(meant), Some(meant)), "{spelled}");
    }
    let wrong = read_params::<ListEventsParams>(&[], "is_online=perhaps").expect_err("neither");
    assert_eq!(wrong.field, "is_online");
}

#[test]
fn a_capture_wins_over_the_query_and_unknown_names_are_ignored() {
    let captures = [("event_id".to_owned(), "evt_path".to_owned())];
    let params: EventParams = read_params(&captures, "event_id=evt_query&utm=x").expect("reads");
    assert_eq!(params.event_id, "evt_path");
}

#[test]
fn refusals_have_fastapis_shape() {
    let full = ApiError::bad_request("Event evt_1 is at full capacity (50 attendees)").with_waitlist(true);
    assert_eq!(
        serde_json::to_value(&full.body).expect("serialises"),
        json!({ "detail": "Event evt_1 is at full capacity (50 attendees)", "waitlist_available": true })
    );
    let unread = ApiError::unprocessable(vec![FieldError::new(
        "missing",
        &["body", "tracks", "0", "mid"],
        "Field required",
        json!({}),
    )]);
    assert_eq!(
        serde_json::to_value(&unread.body).expect("serialises"),
        json!({ "detail": [{ "type": "missing", "loc": ["body", "tracks", 0, "mid"], "msg": "Field required", "input": {} }] })
    );
}

proptest! {
    #[test]
    fn any_parameters_survive_the_way_through_a_url(
        limit in proptest::option::of(1u32..=100),
        city in proptest::option::of(".{0,40}"),
        online in proptest::option::of(any::<bool>()),
        typed in any::<bool>(),
    ) {
        let params = ListEventsParams {
            limit,
            city,
            is_online: online,
            event_type: typed.then_some(EventType::BeltTest),
            ..ListEventsParams::default()
        };
        let path = ListEvents::path(&params);
        prop_assert!(path.is_ascii() && !path.contains(' '));
        let query = path.split_once('?').map_or("", |(_, query)| query);
        prop_assert_eq!(read_params::<ListEventsParams>(&[], query).expect("reads back"), params);
    }
}
