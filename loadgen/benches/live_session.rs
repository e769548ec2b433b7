//! What a live session costs this generator and the mock.
//!
//! `cargo bench -p loadgen --bench live_session`. The scenario rtc-load at `smoke` (18 s) three times: 500 people who only
//! chat, 100 who send a voice and hear four others, 50 who do. The mock is a process of its own, and so is the generator.
//! Packets are those of RTP, a second, over the whole run; cores are processor time over its length; memory is the highest
//! resident set.
//!
//! Exit code 99 when a packet, a connection or a chat message was lost.

#[expect(dead_code, reason = "the other benches measure requests")]
mod rig;

use std::{fs, process::ExitCode, time::Duration};

use anyhow::Context as _;
use engine::{
    ends::Ends,
    record::Column,
    run::{ScenarioRun, ShareRun},
};
use loadgen::{
    live::{LiveSession, Media, Subscribe},
    options::{self, Options},
    suite,
    target::Target,
    watch::Wish,
};
use rig::Process;
use tokio::io::AsyncReadExt as _;

/// People, and whether they send a voice.
const SESSIONS: [(u64, Media); 3] = [(500, Media::None), (100, Media::Audio), (50, Media::Audio)];
/// Whom each hears.
const HEARD: usize = 4;

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.first().map(String::as_str) {
        Some(rig::SERVER) => return serve().map(|()| ExitCode::SUCCESS),
        Some(rig::GENERATOR) => {
            let [_, origin, session] = args.as_slice() else { anyhow::bail!("an origin and a session") };
            return generate(origin, session.parse()?).map(|()| ExitCode::SUCCESS);
        }
        _ => {}
    }
    println!(
        "{:>6} {:>6} {:>9} {:>9} {:>8} {:>8} {:>8} {:>14} {:>14} {:>14} {:>14}",
        "people",
        "media",
        "sent/s",
        "heard/s",
        "lost",
        "p95 ms",
        "p99 ms",
        "loadgen cores",
        "loadgen MiB",
        "mock cores",
        "mock MiB"
    );
    let mut kept = true;
    for (place, (people, media)) in SESSIONS.into_iter().enumerate() {
        let mut server = Process::start(&[rig::SERVER])?;
        let said = server.line()?;
        let (origin, id) = said.split_once(' ').context(said.clone())?;
        let before = cpu_seconds(id)?;
        let figures = Process::start(&[rig::GENERATOR, origin, &place.to_string()])?.line()?;
        let figures: Vec<f64> = figures.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [seconds, sent, heard, lost, drops, missed, p95, p99, cores, mib] = figures[..] else {
            anyhow::bail!("ten numbers, not {figures:?}")
        };
        let (mock_cores, mock_mib) = ((cpu_seconds(id)? - before) / seconds, peak_mib(id)?);
        println!(
            "{people:>6} {media:>6} {sent:>9.0} {heard:>9.0} {lost:>8.0} {p95:>8.1} {p99:>8.1} {cores:>14.2} {mib:>14.0} \
             {mock_cores:>14.2} {mock_mib:>14.0}"
        );
        let held = lost + drops + missed == 0.0;
        if !held {
            println!("       {lost} packets lost, {drops} connections dropped, {missed} messages missed");
        }
        kept &= held;
    }
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::from(99) })
}

/// A mock with launch day's world and room for everybody, until standard input ends.
fn serve() -> anyhow::Result<()> {
    let world = Some(fixtures::World::new(fixtures::DEFAULT_SEED, fixtures::Size::default()));
    let most = SESSIONS.into_iter().map(|(people, _)| people as u32).max().unwrap_or_default();
    let config = mock_server::Config { world, session_capacity: most, ..mock_server::Config::default() };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        rig::say(&format!("http://{} {}", listener.local_addr()?, std::process::id()))?;
        let gone = async { drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await) };
        mock_server::serve(listener, config, gone).await?;
        Ok(())
    })
}

/// Plays one session and says its figures.
fn generate(origin: &str, session: usize) -> anyhow::Result<()> {
    let (participants, media) = SESSIONS[session];
    let out = tempfile::tempdir()?;
    let options = Options {
        scenarios: options::choose(&["rtc-load".to_owned()])?,
        live: LiveSession { participants, media, subscribe: Subscribe::Last(HEARD) },
        out: out.path().to_owned(),
        watch: Wish { quiet: true, ..Wish::default() },
        ..Options::new(Target::parse(origin)?)
    };
    let outcome = suite::run(&options, &Ends::new())?;
    let run = &outcome.run.scenarios.first().context("it was played")?.run;
    let seconds = run.duration.as_secs_f64();
    let (heard, lost) = share(run, "media_packets_received");
    let (_, missed) = share(run, "message_delivery_success");
    let figures = [
        seconds,
        counter(run, "media_packets_sent") / seconds,
        heard / seconds,
        lost,
        counter(run, "ws_connection_drops"),
        missed,
        chat_ms(run, 95.0),
        chat_ms(run, 99.0),
        cpu_seconds("self")? / seconds,
        peak_mib("self")?,
    ];
    rig::say(&figures.map(|figure| figure.to_string()).join(" "))
}

fn share(run: &ScenarioRun, name: &str) -> (f64, f64) {
    let counts = run.shares.iter().find(|share| share.name == name).map(ShareRun::counts);
    counts.map_or((0.0, 0.0), |(good, bad)| (good as f64, bad as f64))
}

fn counter(run: &ScenarioRun, name: &str) -> f64 {
    run.counters.iter().find(|counter| counter.name == name).map_or(0.0, |counter| counter.total as f64)
}

fn chat_ms(run: &ScenarioRun, percent: f64) -> f64 {
    let timing = run.timing_named("chat_message_latency");
    let value = timing.and_then(|timing| timing.distribution(Column::SinceDue).percentile(percent).value);
    value.map_or(f64::NAN, |took: Duration| took.as_secs_f64() * 1e3)
}

/// Processor time of a process so far, in seconds: user and system (proc(5), `stat`, fields 14 and 15, in ticks of which
/// Linux has 100 a second).
fn cpu_seconds(process: &str) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in field 2 may have spaces; it ends at the last parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(") ").context("fields")?.1.split(' ').collect();
    Ok((fields[11].parse::<u64>()? + fields[12].parse::<u64>()?) as f64 / 100.0)
}

/// The highest resident set of a process, in MiB (proc(5), `status`).
fn peak_mib(process: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("VmHWM")?;
    let kib: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kib / 1024.0)
}
