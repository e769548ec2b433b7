//! The target's side, read from real servers: a mock's metrics, a Redis, a Prometheus.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
};

use engine::clock;
use loadgen::{
    probes::{Page, Place, Probing, Query, RedisAddress, Wish},
    run::{Evidence, ResourceKind, Source},
    target::Target,
};
use mock_server::Config;
use tokio::{net::TcpListener, runtime::Runtime};

/// A mock on a port of its own, with a thread of its own.
fn mock() -> (Runtime, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let config = Config { admin_token: "token-of-the-tests".to_owned(), ..Config::default() };
    let (tell, told) = mpsc::channel();
    runtime.spawn(async move {
        let ready = || tell.send(()).expect("the test waits");
        mock_server::serve_announced(listener, config, std::future::pending::<()>(), ready).await
    });
    told.recv().expect("it is built");
    (runtime, origin)
}

fn read(places: Vec<Place>) -> Evidence {
    let probing = Probing::begin(&Wish { places, ..Wish::default() }).expect("all answer");
    assert_eq!(probing.missed(), Vec::<String>::new());
    probing.end(false).expect("something was to be read")
}

fn only(evidence: &Evidence) -> &Source {
    let [source] = evidence.sources.as_slice() else { panic!("{evidence:?}") };
    assert_eq!((source.failed, source.troubles.as_slice()), (0, &[][..]), "{source:?}");
    source
}

#[test]
fn a_mocks_own_metrics_are_read_unless_it_is_none() {
    let (_mock, origin) = mock();
    let target = Target::parse(&origin).expect("a loopback origin");
    let wish = Wish::of_mock();
    assert!(wish.beside(&target, false).places.is_empty());
    assert!(Wish::default().beside(&target, true).places.is_empty());
    let evidence = read(wish.beside(&target, true).places);
    let source = only(&evidence);
    assert_eq!(source.name, format!("{origin}/metrics"));
    assert!(source.reads >= 2, "at the beginning and at the end");
    let kinds: Vec<ResourceKind> = source.resources.iter().map(|resource| resource.kind).collect();
    for kind in [ResourceKind::Memory, ResourceKind::OpenFiles, ResourceKind::Connections] {
        assert!(kinds.contains(&kind), "{kind:?} is not among {:?}", source.resources);
    }
    let files = source.resources.iter().find(|resource| resource.kind == ResourceKind::OpenFiles);
    assert!(files.is_some_and(|files| files.capacity > Some(files.points[0].1)), "{files:?}");
}

#[test]
fn what_is_not_there_is_told_before_any_load() {
    let page = || Page::parse("http://127.0.0.1:1/metrics#the exporter").expect("an address");
    let wish = Wish { places: vec![Place::Metrics(page())], ..Wish::default() };
    let said = Probing::begin(&wish).expect_err("nobody is there").to_string();
    assert!(said.contains("Connection refused") && said.contains("--probe-optional"), "{said}");
    assert!(Probing::begin(&Wish::default()).expect("nothing to do").end(false).is_none());
}

#[test]
fn a_page_that_is_no_metrics_is_told() {
    let (_mock, origin) = mock();
    let page = Page::parse(&format!("{origin}/health")).expect("an address");
    let wish = Wish { places: vec![Place::Metrics(page)], ..Wish::default() };
    let said = Probing::begin(&wish).expect_err("it is no metrics").to_string();
    assert!(said.contains("no metrics in Prometheus' format"), "{said}");
}

#[test]
fn a_redis_says_what_it_was_asked_and_what_was_slow() {
    let url = std::env::var("TEST_REDIS_URL").expect("tests/provide.sh brings a Redis: call provide_redis");
    let client = redis::Client::open(url.as_str()).expect("an address");
    let mut connection = client.get_connection().expect("it answers");
    let address = RedisAddress::read(Some(&url), "127.0.0.1").expect("it is this machine");
    let probing = Probing::begin(&Wish { places: vec![Place::Redis(address)], ..Wish::default() });
    let probing = probing.expect("it answers");
    for _ in 0..30 {
        let nothing: Option<String> =
            redis::cmd("GET").arg("probes:nothing").query(&mut connection).expect("an answer");
        assert_eq!(nothing, None);
    }
    // Longer than the ten milliseconds from which on it writes down what was slow.
    let slow = "local n = 0 for i = 1, 5000000 do n = n + i end return n";
    let _: i64 = redis::cmd("EVAL").arg(slow).arg(0).query(&mut connection).expect("an answer");
    let evidence = probing.end(false).expect("something was to be read");
    let source = only(&evidence);
    let cache = source.cache.as_ref().expect("it is a Redis");
    // Other tests use the same one meanwhile.
    assert!(cache.misses >= 30, "{cache:?}");
    let slow = cache.slow.iter().find(|slow| slow.command == "EVAL").expect("it was slow");
    assert!(slow.took_us >= 10_000, "{slow:?}");
    assert!(source.clock_ahead_ms.is_some_and(|ahead| ahead.abs() < 1_000.0), "{source:?}");
    let kinds: Vec<ResourceKind> = source.resources.iter().map(|resource| resource.kind).collect();
    for kind in [ResourceKind::Memory, ResourceKind::Connections, ResourceKind::Cpu, ResourceKind::Throughput]
    {
        assert!(kinds.contains(&kind), "{kind:?} is not among {:?}", source.resources);
    }
}

/// A Prometheus that scrapes a page every second; it ends with its test.
struct Prometheus {
    process: Child,
    origin: String,
    _dir: tempfile::TempDir,
}

impl Prometheus {
    /// Starts the one of the tests, and returns when it takes queries.
    fn scraping(program: &OsStr, target: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let config = dir.path().join("prometheus.yml");
        let job = format!("- job_name: mock\n    static_configs: [{{targets: [{target:?}]}}]\n");
        fs::write(&config, format!("global: {{scrape_interval: 200ms}}\nscrape_configs:\n  {job}"))
            .expect("written");
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port");
        let mut process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.contains("Server is ready to receive web requests")),
            "it never came up"
        );
        // What it says later must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, origin: format!("http://{port}"), _dir: dir }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "{ended:?}");
    }
}

#[test]
fn a_prometheus_is_asked_for_all_of_the_run_at_its_end() {
    let Some(program) = crate::provided::named("TEST_PROMETHEUS") else { return };
    let (mock, origin) = mock();
    let prometheus = Prometheus::scraping(&program, origin.trim_start_matches("http://"));
    let page = Page::parse(&prometheus.origin).expect("an address");
    let queries = [
        Query::usual(),
        vec![Query::parse("scraped=up").expect("a query")],
        vec![Query::parse("wrong=up{").expect("a query, as far as one sees")],
    ];
    let wish = Wish { places: vec![Place::Prometheus(page, queries.concat())], ..Wish::default() };
    let probing = Probing::begin(&wish).expect("it answers");
    scraped_twice(&mock, &prometheus.origin);
    let evidence = probing.end(false).expect("something was to be read");
    let [source] = evidence.sources.as_slice() else { panic!("{evidence:?}") };
    let named = |name: &str| source.resources.iter().find(|resource| resource.name.starts_with(name));
    let scraped = named("scraped{").unwrap_or_else(|| panic!("{source:#?}"));
    assert!(scraped.points.iter().all(|(_, value)| *value <= 1.0) && !scraped.points.is_empty());
    let files = named("open files{").unwrap_or_else(|| panic!("{source:#?}"));
    assert_eq!((files.kind, files.capacity), (ResourceKind::OpenFiles, Some(1.0)));
    assert!(source.troubles.iter().any(|trouble| trouble.contains("`wrong` was not answered")), "{source:?}");
    assert_eq!(source.troubles.len(), 1, "the usual queries are all sound: {:?}", source.troubles);
}

/// Waits until its page was scraped twice.
fn scraped_twice(runtime: &Runtime, origin: &str) {
    let began = clock::now();
    let url = format!("{origin}/api/v1/query?query=count_over_time(process_open_fds[1m])>1");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    runtime.block_on(async {
        loop {
            assert!(clock::now() - began < std::time::Duration::from_mins(1), "it never scraped");
            let answer = client.get(&url).send().await.expect("it answers").text().await.expect("text");
            if answer.contains("\"value\"") {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
}
