//! The page's server, asked byte by byte.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use loadgen::watch::{
    stream::{Entry, Event},
    web::{self, Door, History, Server},
};

use super::made::{Teller, live, over, run, under_way};

/// Longest that anything may take; only a hang ever does.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server on a port of its own.
pub(super) fn server() -> (Server, String) {
    let door = Door::open("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let url = door.url();
    (Server::start(door).expect("it starts"), url)
}

fn host(url: &str) -> &str {
    url.trim_start_matches("http://").trim_end_matches('/')
}

/// A request, sent; what comes back can be read.
pub(super) fn ask(url: &str, method: &str, path: &str, headers: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(host(url)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(stream, "{method} {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").expect("it reads");
    BufReader::new(stream)
}

fn get(url: &str, path: &str) -> String {
    let mut text = String::new();
    let host = format!("host: {}\r\n", host(url));
    ask(url, "GET", path, &host).read_to_string(&mut text).expect("text");
    text
}

/// Follows the stream.
pub(super) struct Follower(BufReader<TcpStream>);

impl Follower {
    pub(super) fn new(url: &str, last: Option<u64>) -> Self {
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let mut reader = ask(url, "GET", "/events", &format!("host: {}\r\n{last}", host(url)));
        let head = head(&mut reader);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        Self(reader)
    }
}

fn head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("text") > 0, "it ended: {head}");
    }
    head
}

impl Iterator for Follower {
    type Item = Entry;

    /// The next entry; lengths of chunks, ids, comments are looked through.
    fn next(&mut self) -> Option<Entry> {
        let (mut line, mut id) = (String::new(), None);
        loop {
            line.clear();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim().parse().ok();
            }
            if let Some(text) = line.strip_prefix("data: ") {
                let entry: Entry = serde_json::from_str(text).expect("an entry");
                assert_eq!(id, Some(entry.id));
                return Some(entry);
            }
        }
    }
}

#[test]
fn whoever_follows_gets_the_whole_stream_in_order_and_then_its_end() {
    let (server, url) = server();
    let mut teller = under_way();
    teller.tell(30_000, over());
    let (before, after) = teller.entries.split_at(9);
    for entry in before {
        server.tell(entry);
    }
    let mut follower = Follower::new(&url, None);
    let seen: Vec<Entry> = follower.by_ref().take(before.len()).collect();
    assert_eq!(seen, before);
    for entry in after {
        server.tell(entry);
    }
    // Read before the server ends: it waits a moment only for whoever has not.
    assert_eq!(follower.by_ref().take(after.len()).collect::<Vec<_>>(), after);
    drop(server);
    assert_eq!(follower.next(), None);
    assert!(TcpStream::connect(host(&url)).is_err(), "nobody serves any more");
}

#[test]
fn whoever_comes_again_gets_what_they_have_not_seen() {
    let (server, url) = server();
    let entries = under_way().entries;
    for entry in &entries {
        server.tell(entry);
    }
    let first = |last| Follower::new(&url, last).next().expect("an entry").id;
    assert_eq!(first(None), 1);
    assert_eq!(first(Some(5)), 6);
    assert_eq!(first(Some(1_000)), 1, "an id of another run says nothing about this one");
}

#[test]
fn whoever_does_not_read_holds_nobody_back() {
    let (server, url) = server();
    let _reads_nothing = ask(&url, "GET", "/events", &format!("host: {}\r\n", host(&url)));
    let mut teller = Teller::default();
    teller.tell(0, Event::RunBegan(run()));
    for second in 0..3_900 {
        teller.second(second as u64, live(second));
    }
    teller.tell(9_999, over());
    let (mut follower, all) = (Follower::new(&url, None), teller.entries.len());
    let reading = std::thread::spawn(move || (follower.by_ref().take(all).count(), follower));
    for entry in &teller.entries {
        server.tell(entry);
    }
    let (read, mut follower) = reading.join().expect("it reads");
    assert_eq!(read, all);
    drop(server);
    assert_eq!(follower.next(), None);
}

#[test]
fn as_many_follow_as_may() {
    let (server, url) = server();
    for entry in &under_way().entries {
        server.tell(entry);
    }
    let mut followers: Vec<Follower> = (0..32).map(|_| Follower::new(&url, None)).collect();
    let refused = get(&url, "/events");
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(get(&url, "/").starts_with("HTTP/1.1 200 "), "the page itself is there");
    assert!(followers.iter_mut().all(|follower| follower.next().is_some()), "nobody lost their place");
}

#[test]
fn the_page_loads_nothing_that_is_not_here() {
    let (_server, url) = server();
    let page = get(&url, "/");
    let linked: Vec<&str> = page.split('"').filter(|part| part.starts_with('/') && part.len() > 1).collect();
    assert!(linked.len() >= 5, "{linked:?}");
    for path in linked.into_iter().chain(["/charts.js"]) {
        let file = get(&url, path);
        assert!(file.starts_with("HTTP/1.1 200 "), "{path}: {file}");
        assert!(file.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{path}");
    }
    assert!(!page.contains("//"), "an address of somewhere else");
}

#[test]
fn what_is_not_there_or_not_asked_from_here_is_refused() {
    let (_server, url) = server();
    let here = format!("host: {}\r\n", host(&url));
    let status = |method, path, headers: &str| {
        let head = head(&mut ask(&url, method, path, headers));
        head.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok()).expect("a status")
    };
    assert_eq!(status("GET", "/nothing", &here), 404);
    assert_eq!(status("POST", "/events", &here), 405);
    assert_eq!(status("GET", "/", "host: localhost:1\r\n"), 200);
    assert_eq!(status("GET", "/", "host: [::1]:1\r\n"), 200);
    assert_eq!(status("GET", "/events", "host: rebound.example\r\n"), 403);
    assert_eq!(status("GET", "/", ""), 403);
}

#[test]
fn only_this_machine_sees_the_page() {
    for address in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"] {
        let refused = Door::open(address.parse().expect("an address")).expect_err("others could see it");
        assert!(refused.to_string().contains(address), "{refused}");
        assert!(web::address(address).is_err());
    }
    assert!(web::address("here:80").is_err_and(|why| why.contains("`here:80`")));
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address: SocketAddr = taken.local_addr().expect("bound");
    let refused = Door::open(address).expect_err("somebody else is there").to_string();
    assert!(refused.contains(&address.to_string()) && refused.contains("another port"), "{refused}");
}

#[test]
fn a_history_is_bounded_and_keeps_its_begin_its_end_and_its_order() {
    let mut teller = Teller::default();
    teller.tell(0, Event::RunBegan(run()));
    for n in 0..20_000 {
        teller.second(n, live(n.cast_signed()));
        teller.say(n, "a sentence");
    }
    let mut history = History::default();
    for entry in &teller.entries {
        history.push(entry);
    }
    let (last, bytes) = history.after(0, usize::MAX).expect("entries");
    assert_eq!(last, history.newest());
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    let ids: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!((4_000..=6_000).contains(&ids.len()), "{}", ids.len());
    assert!(ids.is_sorted());
    assert_eq!((ids.first(), ids.last()), (Some(&1), Some(&40_001)));
    let first_half = ids.iter().filter(|id| **id <= 20_000).count();
    assert!(first_half > 500, "old seconds get sparse, they do not vanish: {first_half}");
    assert_eq!(history.after(last, 10), None);
}
