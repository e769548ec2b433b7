//! Visits of a real browser: what a person sees of a page, and when.
//!
//! | module | what for |
//! |---|---|
//! | [`browsing`](Browsing) | which browsers visit, and how: what was typed |
//! | `find` | where Chromium is (pure, given the environment) |
//! | `loopback` | where a browser that runs already may be |
//! | [`further`] | which hosts beside the target's it may ask: allowed, confirmed, looked up |
//! | `process` | Chromium as a child: started safely, gone whatever becomes of this process |
//! | `cdp` | the Chrome `DevTools` Protocol over one WebSocket: calls, flat sessions, events |
//! | [`order`](Order) | one visit as it is asked for |
//! | `visit` | one visit as it goes: a context, a tab, what is measured, the end |
//! | `settled`, `waterfall`, `lcp` | when a page is done, what it loaded, and where the time went (pure) |
//! | [`canary`] | a page of this process's own, which tells a starved browser from a slow target |
//! | [`Fleet`] | the browser on a thread of its own; the only entrance |
//!
//! Data flows one way: an [`Order`] goes in, a [`PageView`] and perhaps a [`Film`] come out.

mod browsing;
pub mod canary;
mod cdp;
mod find;
mod fleet;
mod further;
mod lcp;
mod loopback;
mod order;
mod process;
mod settled;
mod trouble;
mod visit;
mod waterfall;

pub use browsing::{Browsing, Company, Source, Throttle, VISITORS, Venue};
pub use find::find;
pub use fleet::{Fleet, Grounds, Opened};
pub use further::{FurtherError, further};
pub use loopback::attachable;
pub use order::{Cookie, Device, Done, Order};
pub use settled::{CAP, QUIET};
pub use trouble::Trouble;

pub use crate::run::{Film, PageView};
