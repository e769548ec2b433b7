//! The pools against queueing theory: ten servers, Poisson arrivals, exponential holds of mean 1 s.

use std::time::Duration;

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::{Check, Effort};
use crate::latency::pools::{Pool, PoolSpec};
use crate::latency::stream::{Lane, Stream};

/// Servers of the queue that is proved.
const SERVERS: u32 = 10;
/// Utilisations it is proved at.
pub(super) const RHOS: [f64; 4] = [0.7, 0.8, 0.9, 0.95];
/// The five seeds.
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
/// Batches a run is cut into. Each is hundreds of relaxation times long, so their means are nearly independent.
const BATCHES: usize = 20;
/// Confidence of the interval.
const CONFIDENCE: f64 = 0.99;

/// Mean wait in units of the mean hold in an M/M/c queue: Erlang's C formula over c(1 − ρ). Source: L. Kleinrock,
/// "Queueing Systems" 1, 1975, 3.5.
pub fn erlang_c_wait(servers: u32, rho: f64) -> f64 {
    let offered = f64::from(servers) * rho;
    // Erlang B by its recursion, then C from B.
    let b = (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let c = b / (1.0 - rho * (1.0 - b));
    c / (f64::from(servers) * (1.0 - rho))
}

/// The pool that is proved: nobody is refused.
pub fn queue() -> Pool {
    let patience = Duration::from_secs(1 << 32);
    Pool::new(PoolSpec { servers: SERVERS as usize, queue: usize::MAX, acquire_timeout: patience })
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Waits {
    /// Mean wait of each batch, in mean holds.
    pub batches: Vec<f64>,
    /// Arrivals per mean hold.
    pub arrival_rate: f64,
    /// How many waited, on average over the arrivals (which, being Poisson, see time averages); 0 unless asked for.
    pub in_line: f64,
}

/// Sends `arrivals` through a pool and cuts the run into batches. The tenth before them warms the pool up and is
/// not counted. The line is looked at only where `look`: it costs more than the booking.
fn simulate(pool: &mut Pool, seed: u64, rho: f64, arrivals: u64, look: bool) -> Waits {
    let (gaps, holds) = (Stream::new(seed, "gaps"), Stream::new(seed, "holds"));
    let exponential = |stream: Stream, i: u64| -stream.uniform(Lane::Latency, i).ln();
    let rate = f64::from(SERVERS) * rho;
    let warm = arrivals / 10;
    let per_batch = (arrivals / BATCHES as u64).max(1);
    let (mut now, mut began, mut in_line) = (0.0, 0.0, 0.0);
    let mut batches = vec![0.0; BATCHES];
    for i in 0..warm + per_batch * BATCHES as u64 {
        now += exponential(gaps, i) / rate;
        let ready = Duration::from_secs_f64(now);
        if look && i >= warm {
            in_line += pool.occupancy(ready).waiting as f64;
        }
        let hold = Duration::from_secs_f64(exponential(holds, i));
        // A pool of the mock refuses; whoever is refused waited until then.
        let served = pool.book(ready, ready, hold).map_or_else(|denied| denied.at, |grant| grant.start);
        if i < warm {
            began = now;
        } else {
            batches[((i - warm) / per_batch) as usize] += served.saturating_sub(ready).as_secs_f64();
        }
    }
    for sum in &mut batches {
        *sum /= per_batch as f64;
    }
    let counted = (per_batch * BATCHES as u64) as f64;
    Waits { batches, arrival_rate: counted / (now - began), in_line: in_line / counted }
}

/// The mean wait at utilisation `rho` over five seeds, against Erlang's. It must lie in its 99 % batch-means
/// interval (A. Law, "Simulation Modeling and Analysis", 9.5.3), and the interval must be narrow enough for that to
/// say something.
pub fn waits(rho: f64, effort: Effort, pool: fn() -> Pool) -> Check {
    let (arrivals, widest) = match effort {
        Effort::Full if rho >= 0.9 => (5_000_000, 0.03),
        Effort::Full => (1_000_000, 0.03),
        Effort::Quick => (if rho >= 0.9 { 100_000 } else { 20_000 }, 0.25),
    };
    let means: Vec<f64> = in_parallel(|seed| simulate(&mut pool(), seed, rho, arrivals, false))
        .flat_map(|run| run.batches)
        .collect();
    let (mean, half_width) = interval(&means);
    let expected = erlang_c_wait(SERVERS, rho);
    Check {
        name: format!("M/M/{SERVERS} at {rho}: mean wait / mean hold"),
        expected: format!("{expected:.4}"),
        found: format!("{mean:.4}"),
        tolerance: format!("± {half_width:.4} (99 %), itself < {:.0} %", widest * 100.0),
        ok: (mean - expected).abs() <= half_width && half_width < widest * expected,
    }
}

/// Little's law: how many wait is the rate of arrival times how long they wait.
pub fn little(effort: Effort, pool: fn() -> Pool) -> Check {
    let arrivals = match effort {
        Effort::Full => 1_000_000,
        Effort::Quick => 100_000,
    };
    let runs: Vec<Waits> = in_parallel(|seed| simulate(&mut pool(), seed, 0.8, arrivals, true)).collect();
    let mean = |of: &dyn Fn(&Waits) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
    let in_line = mean(&|run| run.in_line);
    let expected = mean(&|run| run.arrival_rate * run.batches.iter().sum::<f64>() / run.batches.len() as f64);
    Check {
        name: format!("M/M/{SERVERS} at 0.8: Little's law, requests in line"),
        expected: format!("{expected:.3}"),
        found: format!("{in_line:.3}"),
        tolerance: "± 2 %".to_owned(),
        ok: (in_line / expected - 1.0).abs() < 0.02,
    }
}

/// One run per seed, each in a thread of its own. A thread that panics takes the proof with it.
fn in_parallel(run: impl Fn(u64) -> Waits + Sync) -> impl Iterator<Item = Waits> {
    let runs: Vec<Waits> = std::thread::scope(|scope| {
        let threads = SEEDS.map(|seed| {
            scope.spawn({
                let run = &run;
                move || run(seed)
            })
        });
        threads.map(|thread| thread.join().expect("a simulation does not panic")).into()
    });
    runs.into_iter()
}

/// Mean and half width of its confidence interval, by Student's t.
fn interval(means: &[f64]) -> (f64, f64) {
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let t =
        StudentsT::new(0.0, 1.0, n - 1.0).expect("more than one batch").inverse_cdf(0.5 + CONFIDENCE / 2.0);
    (mean, t * (variance / n).sqrt())
}
