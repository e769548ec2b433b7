//! A stand-in for WWMAA: every endpoint of the launch API behaves, the books can be audited, and how long an
//! answer takes comes from a model. It does not know that it is measured.
//!
//! # The house
//! - [`contract`] says what each endpoint is called, takes and answers; an area registers its handlers with
//!   `api.endpoint::<CreateRsvp>(create_rsvp)` in its own `routes(api: Api) -> Api`, and `router.rs` merges them
//!   once. The glue in `api/` reads path, query and body, checks who calls, and turns results into answers.
//! - A handler is a plain function `fn(&Mock, &Caller, Params, Input) -> Result<Output, ApiError>`. It never
//!   awaits, so no lock is ever held across a wait.
//! - `Mock` is everything that is known, made of *areas*. An area is a struct with its own small locks
//!   (taken with [`sync::lock`], so that a panic elsewhere does not poison it), built from a dataset by
//!   `Area::load(&Dataset, …)` and asked through the trait `area::Area` for its audit, its reset and the rows
//!   it holds. A new dataset builds a whole new `Mock` which then replaces the old one in one step: nothing is
//!   ever half applied, and `load` cannot fail because the dataset was checked before.
//! - Time comes from `clock.rs` only: `mock.clock.now()` is the business clock (launch day at the moment the
//!   dataset was loaded, advancing with real time), `clock::wall()` is for tokens and signatures,
//!   `clock::now()` is monotonic.
//! - Latency is one tower layer, put around every measured route in one place, `Api::add`. By then the body
//!   has been read whole, so the layer may run the inner service in a task of its own at the request's point of
//!   effect, and hold the answer: a client that gives up has still changed the state. Under a profile that holds
//!   nothing (`off`) there is no such task: plain handlers end where they began, but one that awaits (a planted
//!   race, another server) is dropped with its client.
#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "handlers have one shape: they own what was sent and may refuse, whether or not one of them needs to"
)]

mod admin;
mod api;
mod app;
mod area;
mod auth;
pub mod calibrate;
mod caller;
pub mod cli;
mod clock;
mod dashboard;
mod dataset;
pub mod defects;
mod edge;
mod events;
pub mod faults;
mod history;
mod instructors;
pub mod latency;
mod live;
mod metrics;
mod mock;
mod operations;
mod pages;
pub mod replay;
mod router;
mod search;
mod server;
mod snapshot;
mod spans;
mod subscriptions;
mod sync;
mod webhooks;
mod worlds;

pub use app::{Config, MediaListen};
pub use live::SfuApp;
pub use live::bus::{BusAddress, BusAddressError};
pub use pages::{PageWeight, PageWeightError};
pub use router::service;
pub use server::{Limits, Tls, TlsError, serve, serve_announced};
pub use spans::{Collector, CollectorError};
