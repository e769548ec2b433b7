//! How load is made, measured and judged. Knows neither HTTP nor what is under test.
//!
//! | module | what for |
//! |---|---|
//! | [`curve`], [`load`] | how much load when: pure functions of elapsed time |
//! | [`driver`], [`ends`], [`workers`] | virtual users doing it, on time, over a few threads, with bounded ends |
//! | [`record`] | what they saw: series, shares, counters, faults; one call per event |
//! | [`run`], [`merge`] | a finished run as data; every figure of a report can be recomputed from it; parts of one put together |
//! | [`goal`], [`verdict`], [`gate`], [`slope`], [`exit`] | what was promised, and whether it held; pure functions of a run |
//! | [`stats`], [`histogram`], [`correlation`] | the formulas, with their sources |
//! | [`compare`] | two runs beside each other, many in a row: what changed, and whether that is more than chance |
//! | [`clock`], [`cpu`] | the only files that ask what time it is, and what the process used |
//!
//! A scenario in outline:
//!
//! ```no_run
//! use std::time::Duration;
//! use engine::{clock, curve::Curve, driver::{self, Turn, VirtualUser}, ends::Ends,
//!     goal::{self, Goal}, load::{Flow, Load}, record::{Collector, Ending, Plan, Recorder, Registry, Sample, TimingId},
//!     run::FlowRun, workers};
//!
//! struct Searcher { recorder: Recorder, search: TimingId }
//! impl VirtualUser for Searcher {
//!     async fn turn(&mut self, turn: Turn) {
//!         let sent = clock::now();
//!         // … send, wait for the answer, check it …
//!         self.recorder.timing(&[self.search], Sample::new(turn.due, sent, clock::now(), Ok(())));
//!     }
//! }
//!
//! let mut registry = Registry::new();
//! let search = registry.endpoint("GET /api/search");
//! let goals = vec![Goal::sampled("search p95", goal::p95(search).below(Duration::from_millis(1200)), 9_000)];
//! let flow = Flow::new("searchers", Load::Paced { users: Curve::flat(100.0, 300.0), every: Duration::from_secs(6) });
//! let collector = Collector::start(Plan::new("search-load", registry, goals, vec![flow.clone()]));
//! let (tap, ends, epoch) = (collector.tap(), Ends::new(), clock::now() + Duration::from_millis(200));
//! let done = workers::run(2, |worker| {
//!     let (tap, ends, flow) = (tap.clone(), ends.clone(), flow.clone());
//!     async move {
//!         let recorder = tap.recorder(epoch);
//!         let books = recorder.clone();
//!         let make = move |_user| Searcher { recorder: books.clone(), search };
//!         driver::drive(&flow, worker.shard(), epoch, &ends, &recorder, make).await
//!     }
//! });
//! let (tallies, lost): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
//! let run = collector.finish(Ending {
//!     started: clock::wall(), epoch, ended: clock::now(), interrupted: ends.interrupted(), workers: 2,
//!     flows: vec![FlowRun::new(&flow, tallies.into_iter().flatten())],
//!     lost: lost.into_iter().filter_map(Result::err).collect(),
//! });
//! let verdict = engine::verdict::judge(&run);
//! ```
#![warn(missing_docs)]

pub mod clock;
pub mod compare;
pub mod correlation;
pub mod cpu;
pub mod curve;
pub mod driver;
pub mod ends;
pub mod exit;
pub mod gate;
pub mod goal;
pub mod histogram;
pub mod load;
pub mod merge;
pub mod record;
pub mod run;
pub mod slope;
pub mod stats;
pub mod verdict;
pub mod workers;
