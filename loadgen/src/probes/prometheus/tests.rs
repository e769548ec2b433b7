use super::*;
use crate::run::{ResourceKind, Unit};

#[test]
fn a_query_has_a_name() {
    let query = Query::parse("queue = sum by (a) (celery{b=\"c\"})").expect("a query");
    assert_eq!((query.name.as_str(), query.promql.as_str()), ("queue", "sum by (a) (celery{b=\"c\"})"));
    for none in ["queue", "=up", "queue=", "up{a=\"b\"}"] {
        assert!(Query::parse(none).is_err(), "{none}");
    }
}

#[test]
fn answers_are_read_and_refusals_are_told_in_its_own_words() {
    let refused =
        read::<Scalar>(r#"{"status":"error","errorType":"bad_data","error":"parse error at char 1"}"#);
    assert_eq!(refused.err().as_deref(), Some("parse error at char 1"));
    assert!(read::<Scalar>("<html>").is_err_and(|why| why.contains("no Prometheus")));
    let scalar = read::<Scalar>(
        r#"{"status":"success","data":{"resultType":"scalar","result":[1700000000.5,"1700000000.5"]}}"#,
    );
    assert!(matches!(scalar, Ok((at, _)) if at > 1.7e9));
}

#[test]
fn series_keep_their_labels_and_come_in_the_generators_time() {
    let text = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"instance":"a:1"},"values":[[1700000000,"0.5"],[1700000001,"NaN"],[1700000002,"0.75"]]}]}}"#;
    let series: Vec<Range> = read(text).expect("a matrix");
    let page = Page::parse("http://127.0.0.1:9/").expect("an address");
    let mut reader =
        Prometheus::new(page, Vec::new(), fetch::client(None).expect("a client"), Duration::from_secs(1));
    let query = Query::usual().remove(0);
    reader.take(&query, &series);
    let (resources, _) = reader.shelf.into_resources();
    assert_eq!(resources[0].name, "node cpu{instance=\"a:1\"}");
    assert_eq!(
        (resources[0].kind, resources[0].unit, resources[0].capacity),
        (ResourceKind::Cpu, Unit::Share, Some(1.0))
    );
    assert_eq!(resources[0].points, [(1_700_000_000_000, 0.5), (1_700_000_002_000, 0.75)]);
}

#[test]
fn what_a_load_generator_tells_of_itself_is_not_the_targets() {
    let of_processes: Vec<Query> =
        Query::usual().into_iter().filter(|query| query.promql.contains("process_")).collect();
    assert_eq!(of_processes.len(), 3);
    for query in of_processes {
        assert!(query.promql.contains("{job!=\"loadgen\"}"), "{}", query.promql);
    }
}
