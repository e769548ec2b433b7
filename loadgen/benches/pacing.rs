//! How late requests start at 2 000 and 5 000 arrivals a second, with the target on the same cores, and what
//! that costs beside oha at the same rate, run in turns with ours.
//!
//!     cargo bench --package loadgen --bench pacing
//!
//! oha is taken from `PATH`, or from where the variable `OHA` points; without it only lateness is judged.
//! Exit 99 when lateness or cost is over its limit.

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use axum::{Json, Router, routing::get};
use contract::{
    Endpoint, Nothing,
    operations::{Health, HealthOutput},
};
use engine::{
    clock,
    curve::Curve,
    driver::{self, Turn, VirtualUser},
    ends::Ends,
    load::{Flow, Load},
    record::{Collector, Column, Ending, Plan, Registry, Tap},
    run::FlowRun,
    workers::{self, Worker},
};
use loadgen::{
    context::{Context, Surroundings},
    http::{Connector, Limits},
    target::Target,
};

/// Arrivals per second that are tried.
const RATES: [u32; 2] = [2_000, 5_000];
/// How long each of them is offered, and how often.
const SECONDS: u32 = 8;
const ROUNDS: usize = 2;
/// The limits: how late, and how much more processor time than oha.
const P50_BELOW_MS: f64 = 0.2;
const P99_BELOW_MS: f64 = 5.0;
const MORE_THAN_OHA_AT_MOST: f64 = 1.0;
/// What the last limit is counted for: this rate, this long.
const COMPARED_RATE: u32 = 2_000;
const COMPARED_SECONDS: f64 = 20.0;

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["server"] => server().map(|()| ExitCode::SUCCESS),
        ["generator", origin, rate] => generator(origin, rate.parse()?).map(|()| ExitCode::SUCCESS),
        _ => compare(),
    }
}

/// Runs both in turns and says how they did.
fn compare() -> anyhow::Result<ExitCode> {
    let mut target = Server::start()?;
    let mut good = true;
    println!("rate/s  generator  late p50 ms  p99 ms  max ms  answered  CPU-s  CPU-s per 1 000 requests");
    for rate in RATES {
        let (mut ours, mut ohas) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let seen = ours_at(&target.origin, rate)?;
            println!(
                "{rate:>6}  loadgen    {:>11.3}  {:>6.3}  {:>6.3}  {:>8}  {:>5.2}  {:.4}",
                seen.p50_ms,
                seen.p99_ms,
                seen.max_ms,
                seen.requests,
                seen.cpu_s,
                seen.cpu_s * 1e3 / seen.requests as f64
            );
            good &= seen.p50_ms < P50_BELOW_MS && seen.p99_ms < P99_BELOW_MS;
            ours.push(seen.cpu_s);
            if let Some((requests, cpu_s)) = oha_at(&target.origin, rate)? {
                let each = cpu_s * 1e3 / requests as f64;
                println!(
                    "{rate:>6}  oha        {:>11}  {:>6}  {:>6}  {requests:>8}  {cpu_s:>5.2}  {each:.4}",
                    "-", "-", "-"
                );
                ohas.push(cpu_s);
            }
        }
        if !ohas.is_empty() {
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let more = (mean(&ours) - mean(&ohas)) * COMPARED_SECONDS / f64::from(SECONDS);
            println!("{rate:>6}  loadgen takes {more:+.2} CPU-s more than oha per {COMPARED_SECONDS} s");
            good &= rate != COMPARED_RATE || more <= MORE_THAN_OHA_AT_MOST;
        }
    }
    target.stop()?;
    println!(
        "{}: lateness p50 below {P50_BELOW_MS} ms, p99 below {P99_BELOW_MS} ms; at {COMPARED_RATE}/s at most \
         {MORE_THAN_OHA_AT_MOST:.1} CPU-s more than oha per {COMPARED_SECONDS} s",
        if good { "PASS" } else { "FAIL" }
    );
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(99) })
}

/// What the generator's process says about itself, and what it cost.
struct Seen {
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    requests: u64,
    cpu_s: f64,
}

fn ours_at(origin: &str, rate: u32) -> anyhow::Result<Seen> {
    let (said, cpu_s) =
        timed(Command::new(env::current_exe()?).args(["generator", origin, &rate.to_string()]))?;
    let figures: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let &[p50_ms, p99_ms, max_ms, requests] = figures.as_slice() else { bail!("the generator said {said}") };
    Ok(Seen { p50_ms, p99_ms, max_ms, requests: requests as u64, cpu_s })
}

/// Requests answered and processor seconds of oha; `None` where there is no oha.
fn oha_at(origin: &str, rate: u32) -> anyhow::Result<Option<(u64, f64)>> {
    let oha = env::var("OHA").unwrap_or_else(|_| "oha".to_owned());
    let (rate, time, url) = (rate.to_string(), format!("{SECONDS}s"), format!("{origin}/health"));
    let mut command = Command::new(&oha);
    command.args(["-q", &rate, "-z", &time, "-c", "64", "--no-tui", "--output-format", "json", &url]);
    match timed(&mut command) {
        Ok((said, cpu_s)) => {
            let report: serde_json::Value = serde_json::from_str(&said)?;
            let good = report["statusCodeDistribution"]["200"].as_u64();
            Ok(Some((good.with_context(|| format!("oha had no answers: {said}"))?, cpu_s)))
        }
        Err(e) if e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => {
            println!("no `{oha}` here: cost is not compared");
            Ok(None)
        }
        Err(e) => Err(e.context(format!("{oha} -q {rate} {url}"))),
    }
}

/// What a command prints, and the processor seconds it took, as the kernel accounts them.
fn timed(command: &mut Command) -> anyhow::Result<(String, f64)> {
    let before = children_s()?;
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "it ended with {}", output.status);
    Ok((String::from_utf8(output.stdout)?, children_s()? - before))
}

/// Processor seconds of all children that have ended: `cutime + cstime` of `/proc/self/stat`, proc(5), in
/// hundredths of a second.
fn children_s() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').context("proc(5) puts the name in parentheses")?.1;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let ticks: u64 = fields[13].parse::<u64>()? + fields[14].parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}

/// The target, in a process of its own; it ends when its input does.
struct Server {
    child: Child,
    origin: String,
}

impl Server {
    fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.arg("server").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut origin = String::new();
        BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut origin)?;
        Ok(Self { child, origin: origin.trim().to_owned() })
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

fn server() -> anyhow::Result<()> {
    let healthy = HealthOutput {
        status: "healthy".into(),
        environment: "mock".into(),
        service: "pacing".into(),
        version: "1".into(),
    };
    tokio::runtime::Runtime::new()?.block_on(async {
        let app = Router::new().route("/health", get(move || async move { Json(healthy.clone()) }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let input_ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
        tokio::select! {
            served = axum::serve(listener, app) => served?,
            ended = input_ended => drop(ended?),
        }
        anyhow::Ok(())
    })
}

/// Somebody who asks once, on a connection of the pool.
struct Asker(Context);

impl VirtualUser for Asker {
    async fn turn(&mut self, turn: Turn) {
        // How it went is in the recorder.
        let _ = self.0.call::<Health>(&Nothing {}).due(turn.due).send().await;
    }
}

/// Offers the load as a scenario does, over the real engine, and prints how late it was.
fn generator(origin: &str, rate: u32) -> anyhow::Result<()> {
    let mut registry = Registry::new();
    let health = registry.endpoint(Health::ROUTE);
    let load = Load::Arrivals(Curve::flat(f64::from(rate), f64::from(SECONDS)));
    let flow = Flow::new("askers", load);
    let plan = Plan::new("pacing", registry.clone(), Vec::new(), vec![flow.clone()]);
    let collector = Collector::start(plan);
    let (started, epoch) = (clock::wall(), clock::now() + Duration::from_millis(100));
    let shared =
        Shared { flow: flow.clone(), tap: collector.tap(), epoch, origin, registry: Arc::new(registry) };
    let workers = workers_here();
    let done = workers::run(workers, |worker| shared.work(worker));
    let ended = clock::now();
    let tallies = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    let flows = vec![FlowRun::new(&flow, tallies)];
    let run =
        collector.finish(Ending { started, epoch, ended, interrupted: false, workers, flows, lost: vec![] });
    let tally = run.flows[0].tally;
    ensure!(tally.finished == tally.planned, "not every arrival was served: {tally:?}");
    let timing = run.timing(health).context("it is declared")?;
    ensure!(timing.counts().1 == 0, "requests failed: {:?}", timing.faults);
    let late = timing.distribution(Column::Lateness);
    let at = |percent| late.percentile(percent).value.map_or(f64::INFINITY, |late| late.as_secs_f64() * 1e3);
    let max = late.max().unwrap_or_default().as_secs_f64() * 1e3;
    println!("{} {} {max} {}", at(50.0), at(99.0), late.count());
    Ok(())
}

/// As many as the suite takes by itself on a small machine.
fn workers_here() -> u64 {
    loadgen::machine::cores().min(2)
}

struct Shared<'a> {
    flow: Flow,
    tap: Tap,
    epoch: clock::Instant,
    origin: &'a str,
    registry: Arc<Registry>,
}

impl Shared<'_> {
    async fn work(&self, worker: Worker) -> driver::Tally {
        let recorder = self.tap.recorder(self.epoch);
        let target = Target::parse(self.origin).expect("the server says where it is");
        let around = Rc::new(Surroundings {
            scenario: "pacing",
            seed: 1,
            world: fixtures::World::new(1, fixtures::Size::default()),
            nonce: "n".into(),
            connector: Connector::new(Arc::new(target), None, Limits::default()),
            recorder: Some(recorder.clone()),
            registry: self.registry.clone(),
            tracer: None,
        });
        let make = move |n| Asker(Context::pooled(around.clone(), n));
        driver::drive(&self.flow, worker.shard(), self.epoch, &Ends::new(), &recorder, make).await
    }
}
