//! What the mock costs beside a bare axum route: requests a second with the profile `off`, in alternating slices
//! of one run, since the machine drifts.
//!
//! `cargo bench -p mock-server --bench throughput [-- SECONDS]`. Three servers answer the same body: the mock; an
//! axum route that serialises it on each request; one that has its bytes ready. The client is raw sockets, 64
//! connections on one thread, no pipelining, and takes its share of the same cores: so beside requests a second
//! the table has the processor time a server spent per request, which the client does not dilute. Exit code 99 when
//! the mock answers fewer than 70 % of the requests a second of the route that serialises.

#[expect(dead_code, reason = "the other bench looks at memory")]
mod rig;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use contract::subscriptions::PlanList;
use rig::Server;

const PATH: &str = "/api/subscriptions/plans";
const BARE: &str = "__bare";
const CONNECTIONS: usize = 64;
const SLICES: u32 = 8;
/// The share that is promised.
const LEAST: f64 = 0.7;

fn main() -> anyhow::Result<ExitCode> {
    let mut args = std::env::args();
    let program = args.next().unwrap_or_default();
    let rest: Vec<String> = args.filter(|arg| arg != "--bench").collect();
    match rest.first().map(String::as_str) {
        Some(rig::MOCK) => {
            let args = std::iter::once(program).chain(rest.into_iter().skip(1));
            return Ok(mock_server::cli::main(args.map(Into::into)));
        }
        Some(BARE) => return bare(rest.get(1).context("the body")?).map(|()| ExitCode::SUCCESS),
        _ => {}
    }
    let seconds: u32 = rest.first().map_or(Ok(24), |text| text.parse())?;
    let ratio = compare(Duration::from_secs(seconds.into()) / (3 * SLICES))?;
    Ok(if ratio < LEAST { ExitCode::from(99) } else { ExitCode::SUCCESS })
}

/// The mock's requests a second as a share of the bare route's.
fn compare(slice: Duration) -> anyhow::Result<f64> {
    let mock = Server::mock(&[])?;
    let body = String::from_utf8(Client::connect(mock.address, 1)?.once()?)?;
    let bare = Server::start(&[BARE, &body])?;
    let mut contestants = [
        Contestant::new("mock-server, profile off", &mock, PATH)?,
        Contestant::new("bare axum, Json(value)", &bare, "/json")?,
        Contestant::new("bare axum, bytes ready", &bare, "/bytes")?,
    ];
    for _ in 0..SLICES {
        for contestant in &mut contestants {
            contestant.run(slice)?;
        }
    }
    println!("body: {} bytes; {CONNECTIONS} connections; {SLICES} slices of {slice:?} each", body.len());
    println!("{:<26} {:>10} {:>8} {:>16} {:>8}", "", "requests/s", "ratio", "server µs/req", "ratio");
    let (base_rate, base_cost) = (contestants[1].rate(), contestants[1].cost_us());
    for contestant in &contestants {
        let (rate, cost) = (contestant.rate(), contestant.cost_us());
        println!(
            "{:<26} {rate:>10.0} {:>7.0}% {cost:>16.1} {:>7.0}%",
            contestant.name,
            100.0 * rate / base_rate,
            100.0 * base_cost / cost
        );
    }
    Ok(contestants[0].rate() / base_rate)
}

struct Contestant<'a> {
    name: &'static str,
    server: &'a Server,
    client: Client,
    answers: u64,
    wall: f64,
    cpu: f64,
}

impl<'a> Contestant<'a> {
    fn new(name: &'static str, server: &'a Server, path: &str) -> anyhow::Result<Self> {
        let mut client = Client::connect(server.address, CONNECTIONS)?;
        client.request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes();
        Ok(Self { name, server, client, answers: 0, wall: 0.0, cpu: 0.0 })
    }

    fn run(&mut self, slice: Duration) -> anyhow::Result<()> {
        let (began, cpu) = (now(), self.server.cpu_seconds()?);
        while began.elapsed() < slice {
            self.answers += self.client.round()?;
        }
        self.wall += began.elapsed().as_secs_f64();
        self.cpu += self.server.cpu_seconds()? - cpu;
        Ok(())
    }

    fn rate(&self) -> f64 {
        self.answers as f64 / self.wall
    }

    fn cost_us(&self) -> f64 {
        self.cpu * 1e6 / self.answers as f64
    }
}

/// Connections that each carry one request at a time.
struct Client {
    request: Vec<u8>,
    streams: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr, connections: usize) -> anyhow::Result<Self> {
        let connect = || {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        Ok(Self {
            request: format!("GET {PATH} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes(),
            streams: (0..connections).map(|_| connect()).collect::<std::io::Result<_>>()?,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// A request on every connection, then every answer.
    fn round(&mut self) -> anyhow::Result<u64> {
        for stream in &mut self.streams {
            stream.write_all(&self.request)?;
        }
        for at in 0..self.streams.len() {
            self.answer(at)?;
        }
        Ok(self.streams.len() as u64)
    }

    /// One answer's body.
    fn once(mut self) -> anyhow::Result<Vec<u8>> {
        self.streams[0].write_all(&self.request)?;
        let body = self.answer(0)?;
        Ok(self.buffer[body].to_vec())
    }

    /// Reads one answer; says where in the buffer its body is.
    fn answer(&mut self, at: usize) -> anyhow::Result<std::ops::Range<usize>> {
        let mut filled = 0;
        loop {
            let read = self.streams[at].read(&mut self.buffer[filled..])?;
            if read == 0 {
                bail!("the server closed a connection");
            }
            filled += read;
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut response = httparse::Response::new(&mut headers);
            let httparse::Status::Complete(head) = response.parse(&self.buffer[..filled])? else { continue };
            if response.code != Some(200) {
                bail!("status {:?}", response.code);
            }
            let length =
                response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length: usize = std::str::from_utf8(length.context("a length")?.value)?.parse()?;
            if filled >= head + length {
                return Ok(head..head + length);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Two axum routes that answer `body` and nothing else, until standard input is closed.
#[tokio::main]
async fn bare(body: &str) -> anyhow::Result<()> {
    let plans: PlanList = serde_json::from_str(body)?;
    let plans: &'static PlanList = Box::leak(Box::new(plans));
    let bytes = bytes::Bytes::from(body.to_owned());
    let router = Router::new()
        .route("/json", get(move || async move { axum::Json(plans) }))
        .route("/bytes", get(move || async move { ([(CONTENT_TYPE, "application/json")], bytes) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let parent = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        gone = parent => { gone??; }
    }
    Ok(())
}
