//! A scenario cut into blocks of time, and what was measured laid beside what was read: one value a block, of both.

use engine::{
    histogram::Distribution,
    record::Column,
    run::{Cell, ScenarioRun, TimingRun},
};

/// Fewer blocks than this say nothing of two series that resemble themselves a moment ago.
pub(super) const BLOCKS_NEEDED: usize = 24;
/// Lengths of a block, seconds: the longest that gives blocks enough.
const LENGTHS: [u64; 3] = [5, 2, 1];
/// More blocks would tell no more: those of long scenarios are longer. What is done with them grows with their square.
const MOST_BLOCKS: u64 = 360;

/// A scenario, cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocks {
    /// When the first begins, Unix milliseconds.
    from_ms: u64,
    /// How long each is, seconds.
    pub(super) seconds: u64,
    /// How many there are; what is left over at the end is left out.
    pub(super) count: usize,
}

impl Blocks {
    /// The blocks of a scenario; `None` where it is too short for [`BLOCKS_NEEDED`] of one second.
    pub(super) fn of(run: &ScenarioRun) -> Option<Self> {
        let last =
            run.timings.iter().flat_map(|timing| &timing.outcomes).map(|second| second.second + 1).max();
        let asked_for = u64::try_from(last?).ok()?.min(run.duration.as_secs());
        let shortest = asked_for.div_ceil(MOST_BLOCKS);
        LENGTHS.into_iter().map(|seconds| seconds.max(shortest)).find_map(|seconds| {
            let count = usize::try_from(asked_for / seconds).ok()?;
            (count >= BLOCKS_NEEDED).then_some(Self { from_ms: run.started_unix_ms, seconds, count })
        })
    }

    /// The p95 of every block, milliseconds; infinite where so many were unanswered that there is none. `None` where
    /// more than a third of the blocks saw nothing; the others stand as the one before.
    pub(super) fn latency(&self, timing: &TimingRun) -> Option<Vec<f64>> {
        let mut cells: Vec<Vec<&Cell>> = vec![Vec::new(); self.count];
        for cell in &timing.column(Column::SinceDue)?.cells {
            let Ok(second) = u64::try_from(cell.second) else { continue };
            if let Some(cells) = self.place(second, &mut cells) {
                cells.push(cell);
            }
        }
        let p95 = |cells: Vec<&Cell>| {
            let seen = Distribution::of(cells);
            let p95 = seen.percentile(95.0).value;
            (seen.count() + seen.unanswered() > 0)
                .then(|| p95.map_or(f64::INFINITY, |p95| p95.as_secs_f64() * 1e3))
        };
        filled(cells.into_iter().map(p95))
    }

    /// The mean of what was read in every block. `None` where more than a third of the blocks have no reading; the
    /// others stand as the one before.
    pub(super) fn readings(&self, points: &[(u64, f64)]) -> Option<Vec<f64>> {
        let mut sums = vec![(0.0, 0.0); self.count];
        for (at, value) in points.iter().filter(|(_, value)| value.is_finite()) {
            let Some(since) = at.checked_sub(self.from_ms) else { continue };
            if let Some((sum, n)) = self.place(since / 1_000, &mut sums) {
                *sum += value;
                *n += 1.0;
            }
        }
        filled(sums.into_iter().map(|(sum, n)| (n > 0.0).then(|| sum / n)))
    }

    /// What stands for the block of a second.
    fn place<'a, T>(&self, second: u64, blocks: &'a mut [T]) -> Option<&'a mut T> {
        usize::try_from(second / self.seconds).ok().and_then(|block| blocks.get_mut(block))
    }
}

/// Gaps stand as what came before them; those at the beginning as what came first.
fn filled(values: impl Iterator<Item = Option<f64>>) -> Option<Vec<f64>> {
    let values: Vec<Option<f64>> = values.collect();
    let seen = values.iter().flatten().count();
    let mut last = *values.iter().flatten().next()?;
    let mut stand = |value: Option<f64>| {
        last = value.unwrap_or(last);
        last
    };
    (3 * seen >= 2 * values.len()).then(|| values.into_iter().map(&mut stand).collect())
}

/// The means of the lowest quarter and of the highest.
pub(super) fn low_and_high(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quarter = (sorted.len() / 4).max(1);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    (mean(&sorted[..quarter]), mean(&sorted[sorted.len() - quarter..]))
}
