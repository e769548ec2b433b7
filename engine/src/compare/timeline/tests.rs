use super::*;
use crate::{
    histogram::{Distribution, Encoder},
    record::Role,
    run::{ColumnRun, Outcomes},
};

fn column(cells: Vec<crate::run::Cell>) -> ColumnRun {
    ColumnRun { column: Column::SinceDue, limits_ns: Vec::new(), cells }
}

fn timing(cells: Vec<crate::run::Cell>) -> TimingRun {
    TimingRun {
        name: "GET /api/search".into(),
        role: Role::Endpoint,
        columns: vec![column(cells)],
        outcomes: vec![Outcomes { second: 0, ok: 9, failed: 1 }],
        faults: Vec::new(),
    }
}

#[test]
fn percentiles_are_those_of_the_report() {
    let mut encoder = Encoder::new();
    let cells: Vec<_> = (0..12_u64)
        .map(|second| {
            let values: Vec<u64> = (1..40).map(|n| (n * n * 37 + second * 911) * 1_000 + 1).collect();
            encoder.cell(second.cast_signed(), &values, second % 3, &[])
        })
        .collect();
    let timing = timing(cells);
    let all: Distribution = timing.distribution(Column::SinceDue);
    let timeline = Timeline::of(&timing, Column::SinceDue);
    assert_eq!(timeline.values(), all.count() + all.unanswered());
    assert_eq!(timeline.samples(), (10, 1));
    let pair = Pair::new(&timeline, &timeline, 5);
    assert_eq!((pair.blocks(), pair.full_blocks()), (3, 3));
    let [a, b] = pair.observed([0.5, 0.9]).expect("values");
    assert_eq!(a.map(f64::to_bits), b.map(f64::to_bits));
    for (ms, percent) in a.into_iter().zip([50.0, 90.0]) {
        let reported = all.percentile(percent).value.expect("answered").as_secs_f64() * 1e3;
        assert!((ms - reported).abs() < 1e-6, "{ms} {reported}");
    }
}

#[test]
fn who_got_no_answer_is_slowest_and_a_damaged_second_does_not_vanish() {
    let mut encoder = Encoder::new();
    let mut damaged = encoder.cell(1, &[1_000_000; 10], 0, &[]);
    damaged.hdr = "none".into();
    let timeline =
        Timeline::of(&timing(vec![encoder.cell(0, &[1_000_000; 10], 0, &[]), damaged]), Column::SinceDue);
    assert_eq!(timeline.values(), 20);
    let [median, p95] =
        Pair::new(&timeline, &Timeline::default(), 1).observed_apart([0.5, 0.95])[0].expect("values");
    assert!(!is_no_answer(median) && is_no_answer(p95), "{median} {p95}");
}

#[test]
fn weights_count_blocks_as_often_as_they_say() {
    let mut a = Timeline::default();
    a.add(0, 1_000, 10);
    a.add(5, 9_000, 10);
    let pair = Pair::new(&a, &a, 5);
    let of = |weights: [u32; 2]| pair.quantiles(&weights, [0.5]).map(|[a, _]| a[0]);
    assert_eq!(of([2, 0]), Some(1.0));
    assert_eq!(of([0, 2]), Some(9.0));
    assert_eq!(of([1, 1]), Some(1.0));
    assert_eq!(of([0, 0]), None);
}

#[test]
fn a_slice_is_one_block() {
    let mut run = Timeline::default();
    run.add(0, 1_000, 3);
    run.add(7, 2_000, 4);
    run.count(7, 4, 1);
    let mut sliced = Timeline::default();
    sliced.add_slice(2, &run);
    assert_eq!((sliced.values(), sliced.samples(), sliced.last()), (7, (4, 1), Some(2)));
    assert_eq!(sliced.samples_by_block(4, 1), [0, 0, 4, 0]);
}

#[test]
fn blocks_of_long_runs_are_longer() {
    for (least, span, length) in
        [(5, 0, 5), (5, 3_500, 5), (5, 3_501, 10), (1, 45, 1), (1, 701, 2), (5, 86_400, 160)]
    {
        assert_eq!(block_length(least, span), length, "{span} s");
    }
    for span in [1, 699, 3_600, 86_400, 14 * 86_400, u64::MAX] {
        assert!(span.div_ceil(block_length(5, span)) <= MOST_BLOCKS, "{span} s");
    }
}

#[test]
fn a_day_is_kept_by_moments_that_no_block_cuts() {
    const DAY: i64 = 86_400;
    let mut encoder = Encoder::new();
    let at = |second: i64| 1_000_000 + (second * 7 % 1_000).unsigned_abs() * 1_000;
    let cells = (0..DAY).step_by(37).map(|second| encoder.cell(second, &[at(second)], 0, &[])).collect();
    let timing = timing(cells);
    let kept = Timeline::of(&timing, Column::SinceDue);
    assert!(kept.values.len() <= 3_500, "{} moments", kept.values.len());
    assert_eq!(kept.values(), (0..DAY).step_by(37).count() as u64);
    let mut by_second = Timeline::default();
    for cell in &timing.columns[0].cells {
        let alone = TimingRun { columns: vec![column(vec![cell.clone()])], ..timing.clone() };
        by_second.add_all(&Timeline::of(&alone, Column::SinceDue));
    }
    let length = block_length(5, DAY.unsigned_abs());
    let pair = Pair::new(&kept, &by_second, length);
    assert!(pair.blocks() as u64 <= MOST_BLOCKS && pair.full_blocks() == pair.blocks(), "{}", pair.blocks());
    for block in 0..pair.blocks() {
        let mut alone = vec![0; pair.blocks()];
        alone[block] = 1;
        let [a, b] = pair.quantiles(&alone, [0.5, 0.95]).expect("values");
        assert_eq!(a.map(f64::to_bits), b.map(f64::to_bits), "block {block}");
    }
}

#[test]
fn equal_values_are_counted_together() {
    let mut all = Timeline::default();
    for n in 0..50_000_u64 {
        all.add(0, n % 100, 2);
    }
    assert_eq!(all.values(), 100_000);
    assert!(all.values[&0].len() < MANY, "{}", all.values[&0].len());
    let pair = Pair::new(&all, &all, 1);
    assert_eq!(pair.observed([0.5]).map(|[a, _]| a[0]), Some(0.049));
}
