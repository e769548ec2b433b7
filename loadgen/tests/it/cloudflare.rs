//! Live sessions whose SFU is Cloudflare's, or another than the target's.

mod allowance;
mod calls;
mod failing;
mod refusals;
mod runs;
