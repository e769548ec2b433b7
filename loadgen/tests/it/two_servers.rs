//! A live session over two servers that share it, one of which is killed in the middle; and who begins where.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, LazyLock, mpsc},
    thread,
    time::Duration,
};

use engine::{clock, ends::Ends, run::ScenarioRun};
use fixtures::{Size, World};
use loadgen::{
    http::{Connector, Limits, Speech},
    live::LiveSession,
    options::Options,
    preset::Preset,
    scenarios, suite,
    target::{Asked, Target},
};
use mock_server::{BusAddress, Config};
use tokio::runtime::Runtime;

use crate::stage::samples;

const TOKEN: &str = "token-of-the-tests";
/// How long something that has to come may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is asked for.
const EVERY: Duration = Duration::from_millis(50);
/// People in the session: every other begins at the server that is killed.
const PEOPLE: u64 = 8;

static WORLD: LazyLock<World> = LazyLock::new(|| {
    World::new(42, Size { members: 60, instructors: 5, events: 12, content: 200, ..Size::scaled(1) })
});

/// A mock with all that belongs to it, so that it can go from one moment to the next.
struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    fn start(bus: Option<BusAddress>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let config = Config { admin_token: TOKEN.to_owned(), world: Some(*WORLD), bus, ..Config::default() };
        let (tell, told) = mpsc::channel();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("it is bound")).expect("it is awaited");
            mock_server::serve(listener, config, std::future::pending::<()>()).await.expect("it serves");
        });
        let server = Self { runtime, address: told.recv().expect("it has a port") };
        // It listens before its world is made.
        server.ask("/health");
        server
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The body of what it answers.
    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let head = format!("GET {path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {TOKEN}\r\n");
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
    }

    /// How many sockets its audit knows of.
    fn sockets(&self) -> u64 {
        let audit: serde_json::Value = serde_json::from_str(&self.ask("/__admin/audit")).expect("JSON");
        let checks = audit["checks"].as_array().expect("a list");
        let check = checks.iter().find(|check| check["name"] == "chat_one_order").expect("it is checked");
        check["checked"].as_u64().expect("a number")
    }

    /// Ends it as a kill does: nobody is told, and its connections break.
    fn kill(self) {
        self.runtime.shutdown_background();
    }
}

fn counted(run: &ScenarioRun, name: &str) -> u64 {
    run.counters.iter().find(|counter| counter.name == name).expect("the plan declares it").total
}

#[test]
fn people_of_a_killed_server_come_back_at_the_other_and_nobody_else_loses_anything() {
    let url = std::env::var("TEST_REDIS_URL").expect("tests/provide.sh brings a Redis: call provide_redis");
    let prefix = format!("two_servers:{}", std::process::id());
    let bus: BusAddress = format!("{url}?prefix={prefix}").parse().expect("an address");
    let [stays, goes] = [Server::start(Some(bus.clone())), Server::start(Some(bus))];
    let target =
        Asked::read(&stays.url()).and_then(|asked| asked.also_at(&[goes.url()])?.resolve(None, String::new));
    let out = tempfile::tempdir().expect("a directory");
    let options = Options {
        scenarios: vec![scenarios::find("rtc-load").expect("it exists")],
        preset: Preset::Smoke,
        world: *WORLD,
        live: LiveSession { participants: PEOPLE, ..LiveSession::default() },
        admin_token: Some(TOKEN.to_owned()),
        out: out.path().to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        ..Options::new(target.expect("two loopback origins"))
    };
    let running = thread::spawn(move || suite::run(&options, &Ends::new()).expect("it runs to its end"));
    let began = clock::now();
    // The preflight opens a socket too, at the first server.
    while goes.sockets() < PEOPLE / 2 {
        assert!(clock::now() - began < PATIENCE, "they never came");
        thread::sleep(EVERY);
    }
    let origin = goes.url();
    goes.kill();
    let outcome = running.join().expect("it does not panic");
    let run = &outcome.run.scenarios[0].run;
    assert_eq!(counted(run, "ws_connection_drops"), PEOPLE / 2, "each of the killed server's, once");
    assert_eq!(samples(run, "time_to_come_back"), PEOPLE / 2);
    assert_eq!(["messages_heard_twice", "messages_out_of_order"].map(|name| counted(run, name)), [0, 0]);
    // The books of the one that stayed: everybody there heard everything. Those of the other cannot be read any more.
    let audit = outcome.run.audit.expect("books were to be read");
    let broken: Vec<_> = audit.checks.iter().filter(|check| !check.ok).collect();
    assert!(
        matches!(broken[..], [unread] if unread.name == "books_can_be_read" && unread.detail.starts_with(&origin)),
        "{broken:?}"
    );
    assert!(stays.sockets() >= PEOPLE, "half of them from the beginning, half after they came back");
}

#[test]
fn user_n_begins_at_server_n_and_goes_on_when_it_is_gone() {
    let servers = [Server::start(None), Server::start(None), Server::start(None)];
    let [first, others @ ..] = servers.each_ref().map(Server::url);
    let asked = Asked::read(&first).expect("a loopback origin").also_at(&others).expect("two more");
    let target = asked.resolve(None, String::new).expect("this machine");
    assert_eq!(target.recipe().target().expect("made again"), target);
    let target = Arc::new(target);
    assert_eq!(target.clone().servers().len(), 3);
    let connector = Connector::new(target, None, Limits::default());
    let at = |connector: &Connector| connector.target().to_string();
    let urls = servers.each_ref().map(Server::url);
    for n in 0..6 {
        assert_eq!(at(&connector.of_user(n)), urls[n as usize % 3]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let connects = |connector: &Connector| runtime.block_on(connector.connect(Speech::Http)).map(drop);
    let user = connector.of_user(1);
    connects(&user).expect("it is there");
    assert_eq!(at(&user), urls[1], "they stay");
    let [zeroth, first, second] = servers;
    first.kill();
    let killed = clock::now();
    while TcpStream::connect(urls[1].trim_start_matches("http://")).is_ok() {
        assert!(clock::now() - killed < PATIENCE, "it still listens");
    }
    connects(&user).expect("the next one is there");
    assert_eq!(at(&user), urls[2]);
    // Others are where they were.
    assert_eq!([0, 1].map(|n| at(&connector.of_user(n))), [urls[0].clone(), urls[1].clone()]);
    drop((zeroth, second));
}

#[test]
fn further_servers_are_held_to_the_same_rules() {
    let mock = || Asked::read("http://127.0.0.1:8089").expect("a loopback origin");
    for refused in
        ["https://wwmaa.com", "http://api-prod.localhost", "http://example.org", "ftp://127.0.0.1", "8090"]
    {
        assert!(mock().also_at(&[refused.to_owned()]).is_err(), "{refused}");
    }
    let away = mock().also_at(&["https://api-staging.wwmaa.com".to_owned()]).expect("it is on a list");
    let error = away.resolve(None, || "50 people".to_owned()).expect_err("nobody confirmed it").to_string();
    assert!(error.contains("api-staging.wwmaa.com") && error.contains("50 people"), "{error}");
    let text = fixtures::targets::shipped("mock")
        .expect("it is shipped")
        .replace("\nbase = ", "\nalso = [\"http://127.0.0.1:8090\", \"http://127.0.0.1:8091\"]\nbase = ");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("three.toml");
    std::fs::write(&file, text).expect("it is written");
    let target = Target::parse(file.to_str().expect("a path")).expect("this machine");
    let servers: Vec<String> = Arc::new(target).servers().iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["http://127.0.0.1:8089", "http://127.0.0.1:8090", "http://127.0.0.1:8091"]);
}
