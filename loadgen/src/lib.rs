//! Six launch scenarios against one target, and what came of them.
//!
//! | module | what for |
//! |---|---|
//! | [`cli`], [`options`] | what was typed, and what it means |
//! | [`preset`] | the one table of durations, intervals and head-counts |
//! | [`target`], [`safety`] | where load goes, and that it may go there |
//! | [`http`], [`ws`] | how it goes there: one connection per user, every phase timed |
//! | [`deployment`] | where a target differs from the contract: requests and answers changed as its profile says |
//! | [`scenario`], [`scenarios`] | what a scenario is; the six, one file each |
//! | [`context`], [`call`] | what a virtual user holds, and how it asks for something |
//! | [`plan_text`], [`watch`], [`words`] | what one reads before and sees during a run; numbers as people read them |
//! | [`preflight`] | before any load: one request per endpoint, held against the contract |
//! | [`suite`], [`interrupt`], [`stops`] | preflight, warm-up, the scenarios in their order, the end, natural or not |
//! | [`limit`] | the highest load at which every goal still holds |
//! | [`shards`] | one scenario split over several processes: the protocol, its two ends |
//! | [`books`], [`faults`], [`truth`] | what a mock says it did, which faults it had, and how well it was measured |
//! | [`run`], [`judgement`], [`report`] | the run as data, its verdicts, its reports: pure functions of it |
//! | [`probes`] | what the target's side says of itself meanwhile: metrics, Postgres, Redis |
//! | [`bottlenecks`], [`readiness`] | what gave way first, and the checklist: pure functions of a run |
//! | [`baseline`], [`compare`] | runs beside each other: what changed, and whether that is more than chance |
//! | [`telemetry`] | what a run tells other systems: OTLP, Prometheus, Sentry |
//! | [`live`] | the shape of the live session: who, how many, what they send and hear |
//! | [`media`] | what participants send and how what they hear arrives; ICE, DTLS and SRTP with the feature of that name |
//! | [`sfu`] | another SFU than the target's for it: where, with whose account, at what pace and price |
//! | [`browser`] | visits of a real browser: where it is, how it is driven, what it says of a page |
//! | [`machine`] | what this machine allows: files, ports, cores |

pub mod baseline;
pub mod books;
pub mod bottlenecks;
pub mod browser;
pub mod call;
pub mod cli;
pub mod compare;
pub mod context;
pub mod deployment;
pub mod digest;
pub mod faults;
pub mod http;
pub mod interrupt;
pub mod judgement;
pub mod limit;
pub mod live;
pub mod machine;
pub mod media;
pub mod options;
pub mod plan_text;
pub mod preflight;
pub mod preset;
pub mod probes;
pub mod readiness;
pub mod report;
pub mod run;
pub mod safety;
pub mod scenario;
pub mod scenarios;
mod scrub;
pub mod sfu;
pub mod shards;
pub mod stops;
pub mod suite;
pub mod target;
pub mod telemetry;
pub mod truth;
pub mod watch;
pub mod words;
pub mod ws;
