use std::thread;

use engine::clock;

use super::*;

const ROUTE: &str = "GET /api/search";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn meter() -> Meter {
    Meter::new("search-load", clock::now())
}

/// How many requests all rows have, and how many rows there are.
fn counted_in(meter: &Meter) -> (u64, usize) {
    let Rows(rows) = meter.total();
    (rows.values().map(|row| row.count).sum(), rows.len())
}

#[test]
fn what_workers_count_while_somebody_reads_is_all_there_in_the_end() {
    let meter = meter();
    thread::scope(|scope| {
        for worker in 0..3 {
            let book = meter.book();
            scope.spawn(move || {
                for n in 0..5_000 {
                    book.count(ROUTE, Some(200), None, ms(n % 40 + worker));
                }
            });
        }
        let mut last = 0;
        while last < 15_000 && !meter.books.lock().expect("nobody panicked").is_empty() {
            let (count, _) = counted_in(&meter);
            assert!(count >= last, "counts never go down: {count} after {last}");
            last = count;
        }
    });
    assert_eq!(counted_in(&meter), (15_000, 1));
    assert!(meter.books.lock().expect("nobody panicked").is_empty(), "their workers have ended");
    assert_eq!(counted_in(&meter), (15_000, 1), "what was taken out of a book is kept");
}

#[test]
fn a_worker_waits_for_nobody() {
    let meter = meter();
    let book = meter.book();
    book.count(ROUTE, Some(200), None, ms(5));
    let reading = book.rows.lock().expect("nobody panicked");
    // Would never return if it waited.
    book.count(ROUTE, Some(200), None, ms(5));
    book.count(ROUTE, Some(503), Some(&FaultKind::Status(503)), ms(5));
    drop(reading);
    assert_eq!(counted_in(&meter), (1, 1), "two are put aside");
    book.count(ROUTE, Some(200), None, ms(5));
    assert_eq!(counted_in(&meter), (4, 2), "and are counted with the next");
    let reading = book.rows.lock().expect("nobody panicked");
    book.count(ROUTE, Some(200), None, ms(5));
    drop(reading);
    drop(book);
    assert_eq!(counted_in(&meter), (5, 2), "or at the end");
}

#[test]
fn ways_to_end_are_bounded_and_nothing_is_lost_by_that() {
    let meter = meter();
    let books = [meter.book(), meter.book()];
    for (n, book) in (0..2 * MOST_ROWS).zip(books.iter().cycle()) {
        book.count(ROUTE, None, Some(&FaultKind::Other(format!("trouble {n}").into())), ms(5));
    }
    let (count, rows) = counted_in(&meter);
    assert_eq!((count, rows), (2 * MOST_ROWS as u64, MOST_ROWS + 1));
}

#[test]
fn each_point_says_of_which_scenario_it_is() {
    let meter = meter();
    let book = meter.book();
    book.count(ROUTE, Some(200), None, ms(7));
    book.count(ROUTE, Some(503), Some(&FaultKind::Status(503)), ms(70));
    let metrics = meter.metrics(&Anchor::now(), clock::now(), 3);
    let mut points = 0;
    for metric in &metrics {
        let attributes: Vec<&Attributes> = match metric.data.as_ref().expect("it has data") {
            Data::Sum(sum) => sum.data_points.iter().map(|point| &point.attributes).collect(),
            Data::Gauge(gauge) => gauge.data_points.iter().map(|point| &point.attributes).collect(),
            Data::Histogram(histogram) => {
                histogram.data_points.iter().map(|point| &point.attributes).collect()
            }
            other => panic!("{}: {other:?}", metric.name),
        };
        assert!(!attributes.is_empty(), "{}", metric.name);
        let scenario = encode::text("wwmaa.scenario", "search-load");
        assert!(attributes.iter().all(|of| of.contains(&scenario)), "{}: {attributes:?}", metric.name);
        points += attributes.len();
    }
    assert_eq!(points, 5, "one of each sum, two of the histogram, one of the gauge");
}
