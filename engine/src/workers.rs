//! A few OS threads, each with a runtime of its own and the virtual users of one shard.

use std::{any::Any, future::Future, panic, thread};

use serde::{Deserialize, Serialize};
use tokio::task::LocalSet;

use crate::{clock, load::Shard};

/// Which of the workers this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its place, from 0.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl Worker {
    /// The share of the load that is this worker's.
    pub fn shard(self) -> Shard {
        Shard { index: self.index, of: self.of }
    }
}

/// A worker that panicked or could not start: what it should have done was not done, so the run is
/// not valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("worker {worker} was lost: {message}")]
pub struct WorkerLost {
    /// Its place, from 0.
    pub worker: u64,
    /// What it died of.
    pub message: String,
}

/// Runs `job` on `count` threads, each with a current-thread runtime and a `LocalSet` (its tasks
/// need not be `Send`) and an exact timer (see [`clock::sleep_until`]), and blocks until all have ended. A
/// panic in one is reported, not passed on.
///
/// Call it from a thread that may block (`spawn_blocking` inside an async program).
pub fn run<T, F>(count: u64, job: impl Fn(Worker) -> F + Sync) -> Vec<Result<T, WorkerLost>>
where
    T: Send,
    F: Future<Output = T>,
{
    let job = &job;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|index| {
                let worker = Worker { index, of: count };
                let name = format!("worker-{index}");
                (index, thread::Builder::new().name(name).spawn_scoped(scope, move || work(worker, job)))
            })
            .collect();
        threads
            .into_iter()
            .map(|(index, spawned)| {
                let lost = |message| WorkerLost { worker: index, message };
                let thread = spawned.map_err(|e| lost(format!("no thread: {e}")))?;
                thread.join().unwrap_or_else(|panic| Err(message_of(panic.as_ref()))).map_err(lost)
            })
            .collect()
    })
}

fn work<T, F: Future<Output = T>>(worker: Worker, job: &(impl Fn(Worker) -> F + Sync)) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("no runtime: {e}"))?;
    let local = LocalSet::new();
    // Nothing the job shares with other workers is left half-changed by a panic here: recorders and
    // users are local, and channels and counters stay sound.
    let whole = panic::AssertUnwindSafe(|| local.block_on(&runtime, clock::exact(job(worker))));
    match panic::catch_unwind(whole) {
        Ok(done) => done.map_err(|e| format!("no timer: {e}")),
        Err(panic) => Err(message_of(panic.as_ref())),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".into())
}
