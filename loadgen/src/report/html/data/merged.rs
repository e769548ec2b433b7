//! Seconds laid together, where there are too many for a page. Histograms add up exactly: only time gets coarser.

use base64::{Engine, engine::general_purpose::STANDARD};
use engine::{histogram::Distribution, run::Cell};
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// The cells of each step in one, under the second the step begins with.
pub(super) fn cells(cells: &[Cell], step_s: i64) -> Vec<Cell> {
    let start = |cell: &Cell| cell.second.div_euclid(step_s) * step_s;
    let mut ordered: Vec<&Cell> = cells.iter().collect();
    ordered.sort_by_key(|cell| cell.second);
    let groups = ordered.chunk_by(|a, b| start(a) == start(b));
    let mut serializer = V2DeflateSerializer::new();
    groups.map(|group| merged(start(group[0]), group, &mut serializer)).collect()
}

fn merged(second: i64, cells: &[&Cell], serializer: &mut V2DeflateSerializer) -> Cell {
    let all = Distribution::of(cells.iter().copied());
    let nanos = |time: Option<std::time::Duration>| {
        time.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    };
    let hdr = all.histogram().map_or_else(String::new, |histogram| {
        let mut bytes = Vec::new();
        serializer.serialize(histogram, &mut bytes).expect("a histogram of these bounds fits in memory");
        STANDARD.encode(&bytes)
    });
    Cell {
        second,
        count: all.count(),
        unanswered: all.unanswered(),
        over: Vec::new(),
        sum_ns: cells.iter().map(|cell| cell.sum_ns).sum(),
        min_ns: nanos(all.min()),
        max_ns: nanos(all.max()),
        clamped: cells.iter().map(|cell| cell.clamped).sum(),
        hdr,
    }
}
