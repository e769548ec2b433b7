//! Processes of their own, so that processor time and memory are their own: this executable, run again.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
    rc::Rc,
    sync::Arc,
};

use anyhow::Context as _;
use axum::{Router, http::header::CONTENT_TYPE, routing::get, serve::ListenerExt as _};
use bytes::Bytes;
use contract::{
    Endpoint as _,
    subscriptions::{ListPlans, PlanList},
};
use engine::record::{Recorder, Registry};
use loadgen::{
    context::Surroundings,
    http::{Connector, Limits},
    target::Target,
};
use tokio::{io::AsyncReadExt as _, net::TcpListener};

/// First argument of a bench's executable when it is to be the server.
pub(crate) const SERVER: &str = "__server";
/// First argument when it is to be the generator; the server's origin follows.
pub(crate) const GENERATOR: &str = "__generator";
/// How large the answer is, about.
const ANSWER_BYTES: usize = 1024;

/// A process that talks in lines. It ends with its standard input, so with us.
pub(crate) struct Process {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// This executable with these arguments.
    pub(crate) fn start(args: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(process.stdout.take().context("standard output")?).lines();
        Ok(Self { process, lines })
    }

    /// The next line it says.
    pub(crate) fn line(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("the process ended before it said anything")??)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// Answers [`ListPlans`] with about 1 KiB of JSON on a free port, says where, and goes on until its standard input
/// ends. One thread, the bytes ready: as cheap as can be had, so that the generator is what is measured.
pub(crate) fn serve() -> anyhow::Result<()> {
    let body = Bytes::from(serde_json::to_vec(&answer())?);
    let answer = get(move || std::future::ready(([(CONTENT_TYPE, "application/json")], body.clone())));
    let router = Router::new().route(ListPlans::template(), answer);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let gone = async { drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await) };
        tokio::select! {
            served = axum::serve(listener, router) => Ok(served?),
            () = gone => Ok(()),
        }
    })
}

/// The real plans, one of them with a longer word of praise, until they are large enough.
fn answer() -> PlanList {
    let mut plans = fixtures::plans::all();
    let size = serde_json::to_vec(&plans).map_or(0, |body| body.len());
    plans.plans[0].features.push("Good. ".repeat(ANSWER_BYTES.saturating_sub(size) / 6));
    plans
}

/// What the users of a generator share.
pub(crate) fn surroundings(
    origin: &str,
    registry: Registry,
    recorder: Recorder,
) -> anyhow::Result<Rc<Surroundings>> {
    Ok(Rc::new(Surroundings {
        scenario: "bench",
        seed: 42,
        world: fixtures::World::new(42, fixtures::Size::scaled(1)),
        nonce: "bench".into(),
        connector: Connector::new(Arc::new(Target::parse(origin)?), None, Limits::default()),
        recorder: Some(recorder),
        registry: Arc::new(registry),
        tracer: None,
    }))
}

/// Says a line to whoever started this process.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    println!("{line}");
    Ok(std::io::stdout().flush()?)
}

/// Processor time of the children that have ended, in seconds: user and system, from `/proc/self/stat` (proc(5),
/// fields 16 and 17, in ticks of which Linux has 100 a second).
pub(crate) fn ended_children_cpu_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in field 2 may have spaces; it ends at the last parenthesis.
    let fields = stat.rsplit_once(") ").context("fields")?.1.split(' ').collect::<Vec<_>>();
    Ok((fields[13].parse::<u64>()? + fields[14].parse::<u64>()?) as f64 / 100.0)
}
