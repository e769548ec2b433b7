//! What was answered so far. Routes are known from the start, so a request finds its book in a map that never
//! changes and leaves its marks with a few atomic additions: no lock, nothing allocated.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use contract::endpoint::split_route;
use contract::operations::{ADMIN_PREFIX, METRICS, OPENAPI};
use http::{Method, StatusCode};

use super::{Distribution, SECONDS};

/// Upper bounds of the histogram of body sizes, in bytes.
const BYTES: [f64; 8] = [64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0];
/// The smallest status, and how many there are.
const FIRST_STATUS: u16 = 100;
const STATUSES: usize = 500;
/// What no route takes: unknown paths, and methods a path does not have.
const UNMATCHED: usize = 0;
/// Everything of the mock's own, together.
const ADMIN: usize = 1;

/// What was answered so far.
#[derive(Debug)]
pub(crate) struct Metrics {
    in_flight: AtomicI64,
    abandoned: AtomicU64,
    lost: AtomicU64,
    next_request: AtomicU64,
    routes: Vec<RouteBook>,
    /// Which of `routes`, by path and method.
    by_path: HashMap<&'static str, Vec<(Method, usize)>>,
}

/// The book of one route.
#[derive(Debug)]
pub(crate) struct RouteBook {
    /// The route's one name.
    pub(crate) route: &'static str,
    by_status: Box<[AtomicU64]>,
    seconds: Histogram<{ SECONDS.len() }>,
    bytes: Histogram<{ BYTES.len() }>,
}

/// Answers by the first digit of their status, 1xx first.
pub(crate) type ByClass = [u64; 5];

impl Default for Metrics {
    /// Empty books for every route of the contract.
    fn default() -> Self {
        let routes = [OPENAPI, METRICS].into_iter().chain(contract::measured_routes());
        let mut metrics = Self {
            in_flight: AtomicI64::new(0),
            abandoned: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            next_request: AtomicU64::new(0),
            routes: vec![RouteBook::new("unmatched"), RouteBook::new(ADMIN_PREFIX)],
            by_path: HashMap::new(),
        };
        for route in routes {
            let (method, path) = split_route(route);
            let method = method.parse().expect("the contract's methods are valid");
            metrics.by_path.entry(path).or_default().push((method, metrics.routes.len()));
            metrics.routes.push(RouteBook::new(route));
        }
        metrics
    }
}

impl Metrics {
    /// The place of the book for a request, by the path template it matched. HEAD counts as the GET it is.
    pub(crate) fn place(&self, method: &Method, path: Option<&str>) -> usize {
        let Some(path) = path else { return UNMATCHED };
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        match self.by_path.get(path) {
            Some(methods) => methods.iter().find(|(of, _)| of == method).map_or(UNMATCHED, |(_, at)| *at),
            None if path.starts_with(ADMIN_PREFIX) => ADMIN,
            None => UNMATCHED,
        }
    }

    /// Writes down an answer. The size of a body that is still being made is not known.
    pub(crate) fn answered(&self, place: usize, status: StatusCode, took: Duration, bytes: Option<u64>) {
        let book = &self.routes[place];
        if let Some(count) = book.by_status.get(usize::from(status.as_u16() - FIRST_STATUS)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        // Beyond u64's nanoseconds lie 584 years.
        book.seconds.record(&SECONDS, took.as_secs_f64(), took.as_nanos() as u64);
        if let Some(bytes) = bytes {
            book.bytes.record(&BYTES, bytes as f64, bytes);
        }
    }

    /// The number of the next request that brings no id of its own.
    pub(crate) fn next_request(&self) -> u64 {
        self.next_request.fetch_add(1, Ordering::Relaxed)
    }

    /// Requests under way.
    pub(crate) fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Requests whose client gave up.
    pub(crate) fn abandoned(&self) -> u64 {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Writes down an answer that a fault keeps from its client: it is in no other count.
    pub(crate) fn lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers that were lost.
    pub(crate) fn answers_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Answers with a 500.
    pub(crate) fn internal_errors(&self) -> u64 {
        let status = usize::from(StatusCode::INTERNAL_SERVER_ERROR.as_u16() - FIRST_STATUS);
        self.routes.iter().map(|book| book.by_status[status].load(Ordering::Relaxed)).sum()
    }

    /// The books of routes that answered anything.
    pub(crate) fn routes(&self) -> impl Iterator<Item = &RouteBook> {
        self.routes.iter().filter(|book| book.statuses().next().is_some())
    }

    /// Answers of all routes by class of status, without the admin's: whoever looks does not count.
    pub(crate) fn by_class(&self) -> ByClass {
        let mut classes = ByClass::default();
        let routes = self.routes.iter().enumerate().filter(|(place, _)| *place != ADMIN);
        for (status, count) in routes.flat_map(|(_, book)| book.statuses()) {
            classes[usize::from(status / 100) - 1] += count;
        }
        classes
    }
}

impl RouteBook {
    fn new(route: &'static str) -> Self {
        Self {
            route,
            by_status: (0..STATUSES).map(|_| AtomicU64::new(0)).collect(),
            seconds: Histogram::default(),
            bytes: Histogram::default(),
        }
    }

    /// Statuses that were answered, and how often.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = (u16, u64)> {
        let counts = self.by_status.iter().map(|count| count.load(Ordering::Relaxed));
        (FIRST_STATUS..).zip(counts).filter(|(_, count)| *count > 0)
    }

    /// From arrival to answer, in seconds.
    pub(crate) fn seconds(&self) -> Distribution {
        self.seconds.read(&SECONDS, 1e-9)
    }

    /// Sizes of bodies, in bytes.
    pub(crate) fn bytes(&self) -> Distribution {
        self.bytes.read(&BYTES, 1.0)
    }
}

/// Counts between `N` upper bounds, and beyond them. Scrapes may see an answer in the sum a moment before they
/// see it in its bucket; nothing is ever lost.
#[derive(Debug)]
struct Histogram<const N: usize> {
    within: [AtomicU64; N],
    beyond: AtomicU64,
    /// In whole units (ns, bytes), so that adding is one instruction.
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            within: std::array::from_fn(|_| AtomicU64::new(0)),
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }
}

impl<const N: usize> Histogram<N> {
    fn record(&self, bounds: &[f64; N], value: f64, units: u64) {
        self.sum.fetch_add(units, Ordering::Relaxed);
        let at = bounds.iter().position(|bound| value <= *bound);
        at.map_or(&self.beyond, |at| &self.within[at]).fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self, bounds: &[f64; N], unit: f64) -> Distribution {
        let counts = self.within.iter().chain([&self.beyond]).map(|count| count.load(Ordering::Relaxed));
        Distribution {
            buckets: bounds.iter().copied().chain([f64::INFINITY]).zip(counts).collect(),
            sum: self.sum.load(Ordering::Relaxed) as f64 * unit,
        }
    }
}

/// Counts a request as under way until it is dropped, also when its client gives up.
#[derive(Debug)]
pub(crate) struct UnderWay {
    metrics: Arc<Metrics>,
    is_answered: bool,
}

impl UnderWay {
    pub(crate) fn begin(metrics: &Arc<Metrics>) -> Self {
        metrics.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { metrics: Arc::clone(metrics), is_answered: false }
    }

    /// Where it is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// It is under way no longer.
    pub(crate) fn end(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            self.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.is_answered {
            self.end();
            self.metrics.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_contract_has_a_book_of_its_own() {
        let metrics = Metrics::default();
        for route in contract::measured_routes().chain([OPENAPI, METRICS]) {
            let (method, path) = split_route(route);
            let place = metrics.place(&method.parse().expect("a method"), Some(path));
            assert_eq!(metrics.routes[place].route, route);
        }
        let name = |method: Method, path| metrics.routes[metrics.place(&method, path)].route;
        assert_eq!(name(Method::HEAD, Some("/health")), "GET /health");
        assert_eq!(name(Method::DELETE, Some("/health")), "unmatched");
        assert_eq!(name(Method::GET, Some("/__admin/audit")), "/__admin");
        assert_eq!(name(Method::GET, None), "unmatched");
    }

    #[test]
    fn who_gives_up_is_counted_once() {
        let metrics = Arc::new(Metrics::default());
        let mut answered = UnderWay::begin(&metrics);
        let given_up = UnderWay::begin(&metrics);
        assert_eq!(metrics.in_flight(), 2);
        answered.end();
        drop(answered);
        drop(given_up);
        assert_eq!((metrics.in_flight(), metrics.abandoned()), (0, 1));
    }

    #[test]
    fn answers_are_counted_by_class_and_bucket() {
        let metrics = Metrics::default();
        let place = metrics.place(&Method::GET, Some("/health"));
        for (status, millis, bytes) in [(200, 1, Some(64)), (204, 3, None), (503, 20_000, Some(65))] {
            let status = StatusCode::from_u16(status).expect("a status");
            metrics.answered(place, status, Duration::from_millis(millis), bytes);
        }
        assert_eq!(metrics.by_class(), [0, 2, 0, 0, 1]);
        let book = metrics.routes().next().expect("one answered");
        let seconds = book.seconds();
        let full: Vec<_> = seconds.buckets.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(full, [(0.001, 1), (0.005, 1), (f64::INFINITY, 1)]);
        assert!((seconds.sum - 20.004).abs() < 1e-9);
        assert_eq!(book.bytes().buckets[..2], [(64.0, 1), (256.0, 1)]);
    }
}
