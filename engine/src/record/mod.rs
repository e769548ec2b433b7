//! What was seen: one call per event on the worker, everything else on the collector's thread.

mod batch;
mod books;
mod collector;
mod fault;
mod live;
mod recorder;
mod registry;
mod totals;
mod values;

pub(crate) use batch::EVIDENCE;
pub(crate) use books::KINDS;
pub use collector::{Collector, Ending, Plan, Tap};
pub use fault::{Fault, FaultKind};
pub use live::{Live, LiveCounter, LiveSeries, Newest, Standing};
pub use recorder::{Phases, Recorder, Sample};
pub use totals::{BOUNDS_US, SeriesTotals, Spread, Totals};
pub(crate) use values::Values;

pub use registry::{Column, CounterId, Phase, Registry, Role, ShareId, TimingId};
