//! What an idle visitor costs this generator in memory: each has a context and one kept connection that has answered.
//!
//! `cargo bench -p loadgen --bench visitors`. 1 000 visitors, then 10 000, each number in a process of its own with
//! the server in another (a process may have 20 000 files open here and there). Each visitor asks once, then thinks.
//! The table has the resident memory that came on top of the empty generator's, and the highest it ever was.
//!
//! Exit code 99 when a visitor of the 10 000 costs more than 25 KiB, or the process more than 300 MB at its peak.

#[expect(dead_code, reason = "the other bench looks at processor time")]
mod rig;

use std::{cell::Cell, fs, process::ExitCode, rc::Rc, time::Duration};

use anyhow::Context as _;
use contract::{Endpoint as _, Nothing, subscriptions::ListPlans};
use engine::{
    clock,
    curve::Curve,
    driver::{self, Turn, VirtualUser},
    ends::Ends,
    load::{Flow, Load},
    record::{Collector, Plan, Registry},
    workers,
};
use loadgen::context::Context;
use rig::Process;

const CROWDS: [u32; 2] = [1_000, 10_000];
/// What is promised.
const MOST_KIB: f64 = 25.0;
const MOST_PEAK_KIB: f64 = 300_000.0 / 1.024;
/// They come within this time, and think for longer than it takes to look at them.
const COMING: Duration = Duration::from_secs(5);
const THINKING: Duration = Duration::from_mins(10);

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.first().map(String::as_str) {
        Some(rig::SERVER) => return rig::serve().map(|()| ExitCode::SUCCESS),
        Some(rig::GENERATOR) => {
            let [_, origin, visitors] = args.as_slice() else { anyhow::bail!("an origin and a number") };
            return generate(origin, visitors.parse()?).map(|()| ExitCode::SUCCESS);
        }
        _ => {}
    }
    println!("{:>8} {:>14} {:>14} {:>12}", "visitors", "resident KiB", "KiB a visitor", "peak KiB");
    let mut kept = true;
    for visitors in CROWDS {
        let mut server = Process::start(&[rig::SERVER])?;
        let origin = server.line()?;
        let mut generator = Process::start(&[rig::GENERATOR, &origin, &visitors.to_string()])?;
        let line = generator.line()?;
        let numbers: Vec<f64> =
            line.split(' ').map(str::parse).collect::<Result<_, _>>().context(line.clone())?;
        let [before, after, peak] = numbers[..] else { anyhow::bail!("three numbers, not {line}") };
        let each = (after - before) / f64::from(visitors);
        println!("{visitors:>8} {after:>14.0} {each:>14.1} {peak:>12.0}");
        kept &= visitors != CROWDS[1] || (each <= MOST_KIB && peak <= MOST_PEAK_KIB);
    }
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::from(99) })
}

/// Resident memory before anybody comes, when all think, and at its peak.
fn generate(origin: &str, visitors: u32) -> anyhow::Result<()> {
    let mut registry = Registry::new();
    registry.endpoint(ListPlans::ROUTE);
    let (coming, staying) = (COMING.as_secs_f64(), THINKING.as_secs_f64());
    let heads = Curve::new(vec![(0.0, 0.0), (coming, visitors.into()), (coming + staying, visitors.into())])
        .context("the points ascend")?;
    let flow = Flow::new("visitors", Load::Visitors(heads));
    let collector = Collector::start(Plan::new("bench", registry.clone(), Vec::new(), vec![flow.clone()]));
    let (tap, ends, epoch) = (collector.tap(), Ends::new(), clock::now());
    let done = workers::run(1, |worker| {
        let (tap, registry, ends, flow) = (&tap, &registry, &ends, &flow);
        async move {
            let recorder = tap.recorder(epoch);
            let around = rig::surroundings(origin, registry.clone(), recorder.clone())
                .expect("the origin is that of a server on this machine");
            let before = memory_kib("VmRSS:");
            let seen = Rc::new(Answered { by: Cell::new(0), of: visitors, before });
            let make = move |_| Visitor { context: Context::new(around.clone()), seen: seen.clone() };
            driver::drive(flow, worker.shard(), epoch, ends, &recorder, make).await
        }
    });
    drop(done);
    Ok(())
}

/// How many have been answered; the last one says what all of them cost.
struct Answered {
    by: Cell<u32>,
    of: u32,
    before: u64,
}

struct Visitor {
    context: Context,
    seen: Rc<Answered>,
}

impl VirtualUser for Visitor {
    async fn turn(&mut self, turn: Turn) {
        let answer = self.context.call::<ListPlans>(&Nothing {}).due(turn.due).send().await;
        answer.expect("the server answers");
        self.seen.by.set(self.seen.by.get() + 1);
        if self.seen.by.get() == self.seen.of {
            let (now, peak) = (memory_kib("VmRSS:"), memory_kib("VmHWM:"));
            rig::say(&format!("{} {now} {peak}", self.seen.before)).expect("somebody listens");
            turn.ends.leave();
        }
        let _ = turn.ends.think(THINKING).await;
    }
}

/// A line of `/proc/self/status` (proc(5)).
fn memory_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).expect("a number of KiB")
}
