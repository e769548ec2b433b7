use super::*;

fn reader() -> Redis {
    Redis::new(RedisAddress::read(Some("redis://127.0.0.1:9/0"), "127.0.0.1").expect("an address"))
}

fn info(hits: u32, evicted: u32, cpu: f64) -> Info {
    Info::parse(&format!(
        "# Server\r\nredis_version:7.0.15\r\nrun_id:a\r\n\r\n# Clients\r\nconnected_clients:12\r\nmaxclients:20\r\n\
         used_memory:1000\r\nmaxmemory:0\r\nkeyspace_hits:{hits}\r\nkeyspace_misses:10\r\nevicted_keys:{evicted}\r\n\
         used_cpu_sys:9\r\nused_cpu_user:9\r\nused_cpu_sys_main_thread:1\r\nused_cpu_user_main_thread:{cpu}\r\n"
    ))
}

fn slow(id: i64, took_us: u64) -> (i64, Slow) {
    (id, Slow { seconds: 1_000 + id, took_us, command: "SORT".to_owned() })
}

#[test]
fn figures_have_their_limits_and_counters_are_rates() {
    let mut reader = reader();
    for (second, info) in [info(10, 0, 1.0), info(40, 5, 1.25)].into_iter().enumerate() {
        reader.put(second as u64 * 1_000, &info);
        reader.first.get_or_insert_with(|| info.clone());
        reader.last = Some(info);
    }
    let cache = reader.cache().expect("it was read");
    assert_eq!((cache.hits, cache.misses, cache.evicted, cache.memory_limit), (30, 0, 5, None));
    assert_eq!(cache.version, "7.0.15");
    let (resources, _) = reader.shelf.into_resources();
    let of = |name: &str| resources.iter().find(|resource| resource.name == name).expect("it is told");
    assert_eq!((of("connected_clients").capacity, of("used_memory").capacity), (Some(20.0), None));
    assert_eq!(of("main thread").points, [(1_000, 0.25)]);
    assert_eq!(of("evicted_keys").points, [(1_000, 5.0)]);
    assert_eq!(of("keyspace_hits").points, [(1_000, 1.0)]);
}

#[test]
fn slow_commands_of_before_are_not_the_runs() {
    let mut reader = reader();
    reader.take_slow(&[slow(7, 900), slow(6, 800)]);
    assert_eq!(reader.slow, []);
    reader.take_slow(&[slow(9, 20), slow(8, 30), slow(7, 900)]);
    let took: Vec<u64> = reader.slow.iter().map(|slow| slow.took_us).collect();
    assert_eq!(took, [30, 20]);
    // SLOWLOG RESET numbers on, a restart begins at 0.
    reader.take_slow(&[slow(0, 70)]);
    assert_eq!(reader.slow[0].took_us, 70);
}

#[test]
fn entries_keep_the_command_and_nothing_else_of_what_was_sent() {
    let words =
        |all: &[&str]| Value::Array(all.iter().map(|w| Value::BulkString(w.as_bytes().to_vec())).collect());
    let entry =
        Value::Array(vec![Value::Int(3), Value::Int(1_000), Value::Int(42), words(&["set", "secret", "x"])]);
    let log = Value::Array(vec![entry, Value::Nil, Value::Array(vec![Value::Int(1)])]);
    let slow = Slow { seconds: 1_000, took_us: 42, command: "SET".to_owned() };
    assert_eq!(entries(&log), [(3, slow)]);
}
