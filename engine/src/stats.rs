//! The formulas.

/// The smallest sample with which a share below `limit` can be shown at all.
pub fn smallest_sample(limit: f64) -> u64 {
    let _ = limit;
    todo!()
}
