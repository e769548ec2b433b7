//! What a request costs this generator beside other tools: requests per second of processor time, in a closed loop
//! of 64 connections and an answer of 1 KiB of JSON.
//!
//! `cargo bench -p loadgen --bench closed_loop [-- SECONDS ROUNDS]`: 4 rounds of 4 seconds per tool when nothing is
//! said. Tools take turns in every round, since the machine drifts; a ratio is that of one round, and the median
//! over the rounds counts. Others are compared as far as they are found in PATH: wrk, oha (or where `OHA` says), ab
//! and k6. This generator runs as it does in a scenario: engine, context, typed answer, check, goals, every
//! phase recorded per second; that nothing was left out is checked. The others keep totals of their own.
//!
//! Exit code 99 when it makes fewer than 1.1 times the requests that oha makes of a second of processor time.

mod rig;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use contract::{Endpoint as _, Nothing, subscriptions::ListPlans};
use engine::{
    clock,
    curve::Curve,
    driver::{self, Due, Turn, VirtualUser},
    ends::{Ends, Stage},
    goal::{self, Goal},
    load::{Flow, Load},
    record::{Collector, Column, Ending, Phase, Plan, Registry, TimingId},
    run::{FlowRun, ScenarioRun},
    workers,
};
use loadgen::{
    call::{self, Answer},
    context::Context,
};
use rig::Process;

const CONNECTIONS: u32 = 64;
const SECONDS: u32 = 4;
const ROUNDS: usize = 4;
/// How many times oha's requests are promised.
const LEAST: f64 = 1.1;
/// The name of the one that has to be beaten.
const OHA: &str = "oha";

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [rig::SERVER] => rig::serve().map(|()| ExitCode::SUCCESS),
        [rig::GENERATOR, origin, seconds] => generate(origin, seconds.parse()?).map(|()| ExitCode::SUCCESS),
        [] => compare(SECONDS, ROUNDS),
        [seconds] => compare(seconds.parse()?, ROUNDS),
        [seconds, rounds, ..] => compare(seconds.parse()?, rounds.parse()?),
    }
}

/// A tool that makes requests.
struct Tool {
    name: &'static str,
    program: PathBuf,
    arguments: Arguments,
    /// Reads from what it said how many requests were answered.
    requests: Requests,
    /// Requests per second of processor time, round by round.
    rates: Vec<f64>,
}

type Arguments = fn(url: &str, seconds: u32) -> Vec<String>;
type Requests = fn(said: &str) -> Option<u64>;

/// The others, as they are told to hold 64 connections for some seconds, and what they are looked up as.
const OTHERS: [(&str, Arguments, Requests); 4] = [
    ("wrk", wrk, |said| before(said, " requests in ")),
    (OHA, oha, |said| after(said, "\"200\":")),
    ("ab", ab, |said| after(said, "Complete requests:")),
    ("k6", k6, |said| after(said, "\"http_reqs\":{\"count\":")),
];

fn wrk(url: &str, seconds: u32) -> Vec<String> {
    words(&["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), url])
}

fn oha(url: &str, seconds: u32) -> Vec<String> {
    let (connections, time) = (CONNECTIONS.to_string(), format!("{seconds}s"));
    words(&["--no-tui", "--output-format", "json", "-c", &connections, "-z", &time, url])
}

fn ab(url: &str, seconds: u32) -> Vec<String> {
    // Its time limit sets a number of requests as well; a larger one has to come after it.
    words(&["-q", "-k", "-t", &seconds.to_string(), "-n", "100000000", "-c", &CONNECTIONS.to_string(), url])
}

fn k6(url: &str, seconds: u32) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/rig/closed_loop.js");
    let (users, time) = (CONNECTIONS.to_string(), format!("{seconds}s"));
    // Its report of use would leave this machine.
    let quiet = ["run", "--quiet", "--no-usage-report"];
    words(&quiet)
        .into_iter()
        .chain(words(&["--vus", &users, "--duration", &time, "-e", &format!("ADDRESS={url}"), script]))
        .collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// The number that follows a mark.
fn after(said: &str, mark: &str) -> Option<u64> {
    let rest = said.split_once(mark)?.1.trim_start();
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

/// The number that precedes a mark.
fn before(said: &str, mark: &str) -> Option<u64> {
    said.split_once(mark)?.0.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn compare(seconds: u32, rounds: usize) -> anyhow::Result<ExitCode> {
    let mut server = Process::start(&[rig::SERVER])?;
    let origin = server.line()?;
    let url = format!("{origin}{}", ListPlans::template());
    let mut tools = vec![Tool {
        name: "loadgen",
        program: std::env::current_exe()?,
        arguments: |url, seconds| {
            let origin = url.strip_suffix(ListPlans::template()).unwrap_or(url);
            words(&[rig::GENERATOR, origin, &seconds.to_string()])
        },
        requests: |said| after(said, "requests:"),
        rates: Vec::new(),
    }];
    for (name, arguments, requests) in OTHERS {
        match find(name) {
            Some(program) => tools.push(Tool { name, program, arguments, requests, rates: Vec::new() }),
            None => println!("{name} is not there, so nothing is said of it"),
        }
    }
    for _ in 0..rounds {
        for tool in &mut tools {
            let rate = tool.run(&url, seconds).with_context(|| tool.name)?;
            tool.rates.push(rate);
        }
    }
    Ok(report(&tools, seconds))
}

/// Where a program is: where the variable of its name in capitals says, else in PATH.
fn find(name: &str) -> Option<PathBuf> {
    let told = std::env::var_os(name.to_uppercase()).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known = std::env::split_paths(&path).map(|dir| dir.join(name));
    told.into_iter().chain(known).find(|program: &PathBuf| Path::is_file(program))
}

impl Tool {
    /// Requests per second of processor time in one go.
    fn run(&self, url: &str, seconds: u32) -> anyhow::Result<f64> {
        let cpu = rig::ended_children_cpu_seconds()?;
        let output = Command::new(&self.program)
            .args((self.arguments)(url, seconds))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "it ended with {}: {said}", output.status);
        let requests = (self.requests)(&said).with_context(|| format!("how many requests? {said}"))?;
        Ok(requests as f64 / (rig::ended_children_cpu_seconds()? - cpu))
    }
}

/// Prints the table and says whether the promise holds.
fn report(tools: &[Tool], seconds: u32) -> ExitCode {
    let (own, others) = tools.split_first().expect("this generator is always there");
    println!(
        "{CONNECTIONS} connections, {} rounds of {seconds} s each; median (least to most)",
        own.rates.len()
    );
    println!("{:<10} {:>38}   loadgen makes", "", "requests per second of processor time");
    println!("{:<10} {:>38}", own.name, spread(&own.rates, 0));
    let mut kept = true;
    for other in others {
        let ratios: Vec<f64> = own.rates.iter().zip(&other.rates).map(|(own, other)| own / other).collect();
        println!("{:<10} {:>38}   {} times as many", other.name, spread(&other.rates, 0), spread(&ratios, 2));
        kept &= other.name != OHA || median(&ratios) >= LEAST;
    }
    if !others.iter().any(|other| other.name == OHA) {
        println!("without oha there is nothing to be held to");
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::from(99) }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}

fn spread(values: &[f64], digits: usize) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{:.digits$} ({least:.digits$} to {most:.digits$})", median(values))
}

/// The generator's process: a scenario of users who ask again as soon as they are answered.
fn generate(origin: &str, seconds: u32) -> anyhow::Result<()> {
    let mut registry = Registry::new();
    let (plans, all) = (registry.endpoint(ListPlans::ROUTE), registry.group("all"));
    let ms = Duration::from_millis;
    let goals = vec![
        Goal::sampled("plans p95", goal::p95(plans).below(ms(300)), 1_000),
        Goal::sampled("plans p99", goal::p99(plans).below(ms(500)), 1_000),
        Goal::sampled("errors", goal::errors(all).below(0.001), 1_000),
    ];
    let heads = Curve::flat(f64::from(CONNECTIONS), f64::from(seconds));
    let flow = Flow::new("askers", Load::Visitors(heads));
    let collector = Collector::start(Plan::new("bench", registry.clone(), goals, vec![flow.clone()]));
    let (tap, ends, started, epoch) = (collector.tap(), Ends::new(), clock::wall(), clock::now());
    let done = workers::run(1, |worker| {
        let (tap, registry, ends, flow) = (&tap, &registry, &ends, &flow);
        async move {
            let recorder = tap.recorder(epoch);
            let around = rig::surroundings(origin, registry.clone(), recorder.clone())
                .expect("the origin is that of a server on this machine");
            let make = move |_| Asker { context: Context::new(around.clone()), all };
            driver::drive(flow, worker.shard(), epoch, ends, &recorder, make).await
        }
    });
    let tallies = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    let run = collector.finish(Ending {
        started,
        epoch,
        ended: clock::now(),
        interrupted: false,
        workers: 1,
        flows: vec![FlowRun::new(&flow, tallies)],
        lost: Vec::new(),
    });
    check(&run, plans, all)?;
    rig::say(&format!("requests: {}", run.requests().0))
}

/// Somebody who asks again as soon as they are answered.
struct Asker {
    context: Context,
    all: TimingId,
}

impl VirtualUser for Asker {
    async fn turn(&mut self, turn: Turn) {
        let groups = [self.all];
        while turn.ends.stage() < Stage::Closing {
            let call = self.context.call::<ListPlans>(&Nothing {}).due(Due::now()).under(&groups);
            // What fails is in the run.
            let _ = call
                .checked(|answer| match answer {
                    Answer::Done(list) => {
                        call::ensure(list.plans.len() == 4, "four plans", || list.plans.len().to_string())
                    }
                    Answer::Refused(_) => Ok(()),
                })
                .await;
        }
    }
}

/// Every request went well, and all of it was recorded.
fn check(run: &ScenarioRun, plans: TimingId, all: TimingId) -> anyhow::Result<()> {
    let (requests, failed) = run.requests();
    ensure!(failed == 0 && requests > 0, "{failed} of {requests} requests failed");
    let phases = [Phase::Blocked, Phase::Sending, Phase::Waiting, Phase::Receiving].map(Column::Phase);
    for id in [plans, all] {
        let timing = run.timing(id).context("it is declared")?;
        for column in [Column::SinceDue, Column::SinceSent].into_iter().chain(phases) {
            let there = timing.distribution(column).count();
            ensure!(there == requests, "{}: {there} of {requests} in {column:?}", timing.name);
        }
    }
    Ok(())
}
