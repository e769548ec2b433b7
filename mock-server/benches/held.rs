//! Whether the mock holds what it planned under a crowd: 10 000 connections, 6 000 requests a second, profile
//! `healthy`. Prints each route's planned and held p99 from the mock's own books, and its memory.
//!
//! `cargo bench -p mock-server --bench held [-- SECONDS [CONNECTIONS [PER_SECOND]]]`. Arrivals are drawn up front on
//! one absolute schedule; connections take turns, a busy one is passed over and that is counted. Exit code 99 when a
//! held p99 is more than 5 % off, memory was above 450 MiB, or an answer was not a 200.

mod rig;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rig::Server;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What is asked for, in turn. The pools of `healthy` carry 6 000 a second of these: `db` is at half.
const MIX: [&str; 10] = [
    "/api/subscriptions/plans",
    "/static/css/main.css",
    "/api/subscriptions/plans",
    "/api/events?limit=5",
    "/api/subscriptions/plans",
    "/static/js/main.js",
    "/api/subscriptions/plans",
    "/api/instructors?limit=5",
    "/static/images/logo.png",
    "/api/subscriptions/plans",
];
/// Connections are opened in groups of this size, so that the listener's backlog holds them.
const GROUP: usize = 500;
/// How far a held p99 may be from the planned one, as a share.
const MOST_OFF: f64 = 0.05;
/// Memory the mock may have taken, in KiB.
const MOST_KIB: u64 = 450 * 1024;

#[derive(Deserialize)]
struct RouteTruth {
    route: String,
    count: u64,
    planned: Times,
    held: Times,
}

#[derive(Deserialize)]
struct Times {
    p50: u64,
    p99: u64,
}

/// What the crowd saw.
#[derive(Default)]
struct Seen {
    answers: AtomicU64,
    others: AtomicU64,
    passed_over: AtomicU64,
}

fn main() -> anyhow::Result<ExitCode> {
    let mut args = std::env::args();
    let program = args.next().unwrap_or_default();
    let rest: Vec<String> = args.filter(|arg| arg != "--bench").collect();
    if rest.first().is_some_and(|first| first == rig::MOCK) {
        let args = std::iter::once(program).chain(rest.into_iter().skip(1));
        return Ok(mock_server::cli::main(args.map(Into::into)));
    }
    let number = |at: usize, otherwise: usize| rest.get(at).map_or(Ok(otherwise), |text| text.parse());
    let (seconds, connections, rate) = (number(0, 30)?, number(1, 10_000)?, number(2, 6_000)?);
    let server = Server::mock(&["--profile", "healthy"])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let kept = runtime.block_on(crowd(&server, seconds as u64, connections, rate as u64))?;
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::from(99) })
}

/// Whether everything that is promised was kept.
async fn crowd(server: &Server, seconds: u64, connections: usize, rate: u64) -> anyhow::Result<bool> {
    let seen = Arc::new(Seen::default());
    let mut visitors = Vec::new();
    while visitors.len() < connections {
        let streams =
            (0..GROUP.min(connections - visitors.len())).map(|_| TcpStream::connect(server.address));
        for stream in futures_util::future::join_all(streams).await {
            let (sender, asked) = mpsc::channel(1);
            tokio::spawn(visit(stream.context("a connection")?, asked, Arc::clone(&seen)));
            visitors.push(sender);
        }
    }
    let idle = server.memory_kib()?;
    // Slow start is over, the world is warm.
    offer(&visitors, &seen, 10 * rate, rate).await;
    ask(server, "POST", "/__admin/truth/reset").await?;
    let before = (seen.answers.load(Ordering::Relaxed), server.cpu_seconds()?);
    let began = now();
    offer(&visitors, &seen, seconds * rate, rate).await;
    let took = began.elapsed().as_secs_f64();
    let answers = seen.answers.load(Ordering::Relaxed) - before.0;
    let cpu = server.cpu_seconds()? - before.1;
    let truth: Vec<RouteTruth> = serde_json::from_slice(&ask(server, "GET", "/__admin/truth").await?)?;
    let (resident, peak) = server.memory_kib()?;
    println!("{connections} connections, {rate} requests/s for {seconds} s, profile healthy");
    println!(
        "answered {answers} ({:.0}/s), not 200: {}",
        answers as f64 / took,
        seen.others.load(Ordering::Relaxed)
    );
    println!("passed over, connection busy: {}", seen.passed_over.load(Ordering::Relaxed));
    println!("server: {:.1} µs of processor time an answer", cpu * 1e6 / answers as f64);
    println!(
        "memory: {} MiB idle, {} MiB under load, {} MiB at its peak",
        idle.0 / 1024,
        resident / 1024,
        peak / 1024
    );
    println!(
        "{:<36} {:>8} {:>21} {:>21} {:>6}",
        "", "answers", "p50 planned/held ms", "p99 planned/held ms", "p99"
    );
    let others = seen.others.load(Ordering::Relaxed);
    let mut kept = peak <= MOST_KIB && others == 0;
    for route in truth {
        let off = route.held.p99 as f64 / route.planned.p99 as f64 - 1.0;
        kept &= off.abs() <= MOST_OFF;
        let ms = |us: u64| us as f64 / 1e3;
        println!(
            "{:<36} {:>8} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {:>+5.1}%",
            route.route,
            route.count,
            ms(route.planned.p50),
            ms(route.held.p50),
            ms(route.planned.p99),
            ms(route.held.p99),
            100.0 * off
        );
    }
    Ok(kept)
}

/// Offers `count` requests at `rate` a second, each to the next connection that is not busy.
async fn offer(visitors: &[mpsc::Sender<&'static str>], seen: &Seen, count: u64, rate: u64) {
    let began = now();
    let mut turn = 0;
    for (n, path) in (0..count).zip(MIX.into_iter().cycle()) {
        let due = began + Duration::from_nanos(n * 1_000_000_000 / rate);
        if due > now() {
            tokio::time::sleep_until(due).await;
        }
        while visitors[turn % visitors.len()].try_send(path).is_err() {
            seen.passed_over.fetch_add(1, Ordering::Relaxed);
            turn += 1;
        }
        turn += 1;
    }
}

/// One connection: what it is asked for, one at a time, until nobody asks any more.
async fn visit(mut stream: TcpStream, mut asked: mpsc::Receiver<&'static str>, seen: Arc<Seen>) {
    drop(stream.set_nodelay(true));
    let mut buffer = Vec::new();
    while let Some(path) = asked.recv().await {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
        if stream.write_all(request.as_bytes()).await.is_err() {
            break;
        }
        match answer(&mut stream, &mut buffer).await {
            Ok((200, _)) => seen.answers.fetch_add(1, Ordering::Relaxed),
            _ => seen.others.fetch_add(1, Ordering::Relaxed),
        };
    }
}

/// Reads one answer: its status, its body.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<(u16, Vec<u8>)> {
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed");
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(buffer)? else { continue };
        let length =
            response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length: usize = std::str::from_utf8(length.context("a length")?.value)?.parse()?;
        let status = response.code.context("a status")?;
        if buffer.len() >= head + length {
            // Hundreds of connections idle between two requests: none keeps a large buffer.
            let body = buffer.split_off(head);
            *buffer = Vec::new();
            return Ok((status, body));
        }
    }
}

async fn ask(server: &Server, method: &str, path: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server.address).await?;
    let token = rig::ADMIN_TOKEN;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let (status, body) = answer(&mut stream, &mut Vec::new()).await?;
    ensure!(status == 200, "{path} answered {status}");
    Ok(body)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}
