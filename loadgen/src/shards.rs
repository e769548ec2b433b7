//! One scenario split over several processes of this machine.
//!
//! The parent does everything but drive load: preflight, warm-up, books, judgement, reports. Each child
//! (`loadgen shard`) gets an order, plans the same scenario, which is pure, and plays its shard. They talk in
//! lines of JSON over the child's standard input and output; standard error is shared.
//!
//! ```text
//! parent                            child
//!   order ───────────────────────▶    plans, prepares
//!         ◀───────────────────────  ready
//!   start at a moment ───────────▶    drives its shard
//!         ◀───────────────────────  live, once a second
//!   close, leave, abort ─────────▶    (only when the run ends early)
//!         ◀───────────────────────  done: its record
//! ```
//!
//! A child is in a process group of its own, so Ctrl-C reaches the parent alone; when its input closes, because
//! the parent has gone however suddenly, it ends at once.

mod child;
mod order;
mod parent;
mod protocol;

pub(crate) use child::serve;
pub use parent::ShardError;
pub(crate) use parent::Shards;
