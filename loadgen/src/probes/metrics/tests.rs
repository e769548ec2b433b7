use super::*;
use crate::run::{Resource, ResourceKind, Unit};

fn reader(cores: Option<f64>) -> Metrics {
    let page = Page::parse("http://127.0.0.1:9/metrics").expect("an address");
    Metrics { cores, ..Metrics::new(page, fetch::client(None).expect("a client")) }
}

/// What comes of pages read a second after one another.
fn read(mut reader: Metrics, pages: &[&str]) -> Vec<Resource> {
    for (second, page) in pages.iter().enumerate() {
        let (samples, strange) = exposition::parse(page);
        assert_eq!(strange, 0);
        reader.take(1_000 + second as u64 * 1_000, &samples);
    }
    reader.shelf.into_resources().0
}

fn named<'r>(resources: &'r [Resource], name: &str) -> &'r Resource {
    let found = resources.iter().find(|resource| resource.name == name);
    found.unwrap_or_else(|| panic!("{name} is not among {resources:?}"))
}

fn values(resource: &Resource) -> Vec<f64> {
    resource.points.iter().map(|(_, value)| *value).collect()
}

#[test]
fn pools_of_the_mock_have_their_size_and_a_pool_per_event_has_none() {
    let page = "mock_pool_size{pool=\"db\"} 10\nmock_pool_size{pool=\"event\"} 1\n\
                mock_pool_held{pool=\"db\"} 9\nmock_pool_held{pool=\"event\"} 40\n\
                mock_pool_waiting{pool=\"db\"} 3\n";
    let resources = read(reader(None), &[page]);
    let db = named(&resources, "mock_pool_held{pool=\"db\"}");
    assert_eq!((db.kind, db.capacity, values(db)), (ResourceKind::Pool, Some(10.0), vec![9.0]));
    assert_eq!(named(&resources, "mock_pool_held{pool=\"event\"}").capacity, None);
    assert_eq!(named(&resources, "mock_pool_waiting{pool=\"db\"}").kind, ResourceKind::Waiting);
}

#[test]
fn processor_time_is_cores_kept_busy_out_of_those_there_are() {
    let pages = ["process_cpu_seconds_total 10\n", "process_cpu_seconds_total 11.5\n"];
    let resources = read(reader(Some(4.0)), &pages);
    let cpu = named(&resources, "process_cpu_seconds_total");
    assert_eq!((cpu.unit, cpu.capacity, values(cpu)), (Unit::Cores, Some(4.0), vec![1.5]));
    let python = pages.map(|page| format!("{page}python_info{{version=\"3.12\"}} 1\n"));
    let resources = read(reader(Some(4.0)), &[&python[0], &python[1]]);
    assert_eq!(named(&resources, "process_cpu_seconds_total").capacity, Some(1.0));
    assert_eq!(named(&read(reader(None), &pages), "process_cpu_seconds_total").capacity, None);
}

#[test]
fn a_machine_is_as_busy_as_its_modes_that_are_not_idle() {
    let page = |busy: f64| {
        let cpu = |cpu: u8| {
            format!(
                "node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"idle\"}} 900\n\
                 node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"user\"}} {busy}\n\
                 node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"system\"}} 5\n"
            )
        };
        cpu(0) + &cpu(1)
    };
    let resources = read(reader(None), &[&page(10.0), &page(10.75)]);
    let cpu = named(&resources, "node_cpu_seconds_total");
    assert_eq!((cpu.capacity, values(cpu)), (Some(2.0), vec![1.5]));
}

#[test]
fn a_limit_of_zero_is_none_and_hits_are_a_share() {
    let page = |hits: u32, misses: u32| {
        format!(
            "redis_memory_used_bytes 100\nredis_memory_max_bytes 0\n\
             redis_keyspace_hits_total {hits}\nredis_keyspace_misses_total {misses}\n"
        )
    };
    let resources = read(reader(None), &[&page(10, 10), &page(40, 20)]);
    assert_eq!(named(&resources, "redis_memory_used_bytes").capacity, None);
    assert_eq!(values(named(&resources, "redis_keyspace_hits_total")), [0.75]);
}

#[test]
fn names_are_in_the_table_once() {
    let mut names: Vec<_> = TABLE.iter().map(|known| known.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}
