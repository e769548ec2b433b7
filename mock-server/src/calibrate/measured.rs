//! One route as it was measured.

/// Percentiles of a route, in ms. What a source does not say is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The contract's `ROUTE`.
    pub route: String,
    /// Answers.
    pub count: Option<u64>,
    /// Requests per second that it was asked for with.
    pub rate_per_s: Option<f64>,
    /// Fastest.
    pub min: Option<f64>,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Slowest.
    pub max: Option<f64>,
    /// How exact these numbers are, where that must be said.
    pub remark: Option<String>,
}

/// Suggestions for a name that is not known.
const SUGGESTIONS: usize = 3;

impl Measured {
    /// Checks what every source must keep: the route exists, times are positive and do not fall. The fault is a
    /// sentence.
    pub(super) fn check(&self, known: &[&str]) -> Result<(), String> {
        if !known.contains(&self.route.as_str()) {
            return Err(unknown(&self.route, known));
        }
        if let Some(rate) = self.rate_per_s
            && !(rate.is_finite() && rate > 0.0)
        {
            return Err(format!("rate_per_s = {rate} must be a positive number"));
        }
        let ladder = [
            ("min", self.min),
            ("p50", Some(self.p50)),
            ("p95", Some(self.p95)),
            ("p99", Some(self.p99)),
            ("p999", self.p999),
            ("max", self.max),
        ];
        let mut below = ("0", 0.0);
        for (name, value) in ladder.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            if !(value.is_finite() && value > 0.0) {
                return Err(format!("{name} = {value} must be a positive number of ms"));
            }
            if value < below.1 {
                return Err(format!("{name} = {value} is less than {} = {}", below.0, below.1));
            }
            below = (name, value);
        }
        Ok(())
    }
}

/// Names what is not known, and the nearest of what is, by Jaro and Winkler's similarity.
fn unknown(route: &str, known: &[&str]) -> String {
    let mut nearest = known.to_vec();
    nearest.sort_by(|a, b| strsim::jaro_winkler(b, route).total_cmp(&strsim::jaro_winkler(a, route)));
    let nearest: Vec<String> = nearest.iter().take(SUGGESTIONS).map(|name| format!("{name:?}")).collect();
    format!("route {route:?} is none of the contract's; nearest are {}", nearest.join(", "))
}
