//! A piecewise linear curve over time, read two ways: its area is how many arrivals are due, its
//! height how many users are at it. Pure functions of elapsed time.
//!
//! Letters: `t` seconds since the flow began, `h(t)` the height, `A(t) = ∫₀ᵗ h` the area. Within a
//! piece from `(t₀, h₀)` with slope `m`, `A(t₀ + x) − A(t₀) = h₀·x + m·x²/2`; its inverse for an
//! area `a` is `x = 2a / (h₀ + √(h₀² + 2·m·a))`, the form of the quadratic formula that does not
//! cancel for small `m`.

use serde::{Deserialize, Serialize};

/// Load over time. Two points at one time make a jump; outside its points the curve is zero.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<(f64, f64)>", into = "Vec<(f64, f64)>")]
pub struct Curve {
    /// `(t, h)`, times never falling.
    points: Vec<(f64, f64)>,
    /// `A(t)` at each point.
    areas: Vec<f64>,
}

/// Why points do not make a curve.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CurveError {
    /// Fewer than two points span no time.
    #[error("a curve needs at least two points")]
    TooFewPoints,
    /// Time runs forward, from zero.
    #[error("times must be finite, not negative and never fall (point {0})")]
    BadTime(usize),
    /// Nobody can start −3 users.
    #[error("heights must be finite and not negative (point {0})")]
    BadHeight(usize),
}

/// A stretch of time in which a seat is taken, seconds: `from` inclusive, `to` exclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Open {
    /// When the seat opens.
    pub from: f64,
    /// When it closes: whoever sits there is not replaced any more.
    pub to: f64,
}

impl PartialEq for Curve {
    /// Curves are their points. Areas follow from them, to the last digit only if they were got in the same
    /// way: a stretched curve that was written and read again is still the same.
    fn eq(&self, other: &Self) -> bool {
        self.points == other.points
    }
}

impl TryFrom<Vec<(f64, f64)>> for Curve {
    type Error = CurveError;

    fn try_from(points: Vec<(f64, f64)>) -> Result<Self, CurveError> {
        Self::new(points)
    }
}

impl From<Curve> for Vec<(f64, f64)> {
    fn from(curve: Curve) -> Self {
        curve.points
    }
}

impl Curve {
    /// The curve through `(seconds, height)` points.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, CurveError> {
        if points.len() < 2 {
            return Err(CurveError::TooFewPoints);
        }
        let (mut areas, mut area, mut last) = (Vec::with_capacity(points.len()), 0.0, (0.0, 0.0));
        for (i, &(t, h)) in points.iter().enumerate() {
            if !t.is_finite() || t < last.0 {
                return Err(CurveError::BadTime(i));
            }
            if !h.is_finite() || h < 0.0 {
                return Err(CurveError::BadHeight(i));
            }
            if i > 0 {
                area += (t - last.0) * f64::midpoint(h, last.1);
            }
            areas.push(area);
            last = (t, h);
        }
        Ok(Self { points, areas })
    }

    /// One height for a number of seconds. Negative or infinite figures count as zero.
    pub fn flat(height: f64, seconds: f64) -> Self {
        let sane = |x: f64| if x.is_finite() { x.max(0.0) } else { 0.0 };
        let (h, t) = (sane(height), sane(seconds));
        Self { points: vec![(0.0, h), (t, h)], areas: vec![0.0, h * t] }
    }

    /// The points it was made of.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// When it ends, in seconds.
    pub fn duration(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.0)
    }

    /// Its greatest height.
    pub fn peak(&self) -> f64 {
        self.points.iter().map(|point| point.1).fold(0.0, f64::max)
    }

    /// The height at `t`; at a jump, the height after it. Zero outside.
    pub fn height(&self, t: f64) -> f64 {
        let after = self.points.partition_point(|point| point.0 <= t);
        match (after.checked_sub(1).map(|i| self.points[i]), self.points.get(after)) {
            (Some((t0, h0)), Some(&(t1, h1))) => h0 + (h1 - h0) * (t - t0) / (t1 - t0),
            (Some((t0, h0)), None) if t <= t0 => h0,
            _ => 0.0,
        }
    }

    /// The area up to `t`: how many arrivals are due by then.
    pub fn area(&self, t: f64) -> f64 {
        let after = self.points.partition_point(|point| point.0 <= t);
        let Some(i) = after.checked_sub(1) else { return 0.0 };
        let (t0, h0) = self.points[i];
        if after == self.points.len() {
            return self.areas[i];
        }
        self.areas[i] + (t - t0) * f64::midpoint(h0, self.height(t))
    }

    /// How many arrivals there are: the whole area, rounded.
    pub fn total(&self) -> u64 {
        self.areas.last().map_or(0, |area| area.round() as u64)
    }

    /// When arrival `n` (from 0) is due, seconds; `None` beyond the last one.
    ///
    /// The inverse of the area, taken at the middle of the arrival's own unit of it:
    /// `A(due(n)) = n + ½`. So the total is the area rounded, and no arrival falls on the border
    /// between two pieces, where rounding would decide which side it is on.
    pub fn due(&self, n: u64) -> Option<f64> {
        if n >= self.total() {
            return None;
        }
        let whole = self.areas.last().copied()?;
        let sought = (n as f64 + 0.5).min(whole);
        let piece = self.areas.partition_point(|&area| area < sought).checked_sub(1)?;
        let ((t0, h0), (t1, h1)) = (self.points[piece], self.points[piece + 1]);
        let (area, slope) = (sought - self.areas[piece], (h1 - h0) / (t1 - t0));
        let elapsed = 2.0 * area / (h0 + (h0 * h0 + 2.0 * slope * area).max(0.0).sqrt());
        Some((t0 + elapsed).min(t1))
    }

    /// How many seats the peak needs: the height rounded to whole heads.
    pub fn seats(&self) -> u64 {
        self.peak().round() as u64
    }

    /// When a seat (from 0) is taken: while the height is at least `seat + ½`, so that the number
    /// of open seats is the height rounded to whole heads.
    pub fn open(&self, seat: u64) -> Vec<Open> {
        let level = seat as f64 + 0.5;
        let mut open: Vec<Open> = Vec::new();
        for pair in self.points.windows(2) {
            let ((t0, h0), (t1, h1)) = (pair[0], pair[1]);
            let crossing = || t0 + (t1 - t0) * (level - h0) / (h1 - h0);
            let (from, to) = match (h0 >= level, h1 >= level) {
                (true, true) => (t0, t1),
                (false, true) => (crossing(), t1),
                (true, false) => (t0, crossing()),
                (false, false) => continue,
            };
            match open.last_mut() {
                Some(last) if last.to >= from => last.to = to,
                _ if to > from => open.push(Open { from, to }),
                _ => {}
            }
        }
        open
    }

    /// The longest flat stretch at the peak, seconds.
    pub fn plateau(&self) -> Option<(f64, f64)> {
        let peak = self.peak();
        let flat = |pair: &&[(f64, f64)]| pair[0].1 >= peak && pair[1].1 >= peak && pair[1].0 > pair[0].0;
        self.points
            .windows(2)
            .filter(flat)
            .map(|pair| (pair[0].0, pair[1].0))
            .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
    }

    /// The same heights over `factor` times the time; a factor that is no positive number changes nothing.
    #[must_use]
    pub fn stretched(&self, factor: f64) -> Self {
        self.mapped(factor, 1.0)
    }

    /// `factor` times the height over the same time; a factor that is no positive number changes nothing.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        self.mapped(1.0, factor)
    }

    fn mapped(&self, time: f64, height: f64) -> Self {
        let sane = |x: f64| if x.is_finite() && x > 0.0 { x } else { 1.0 };
        let (time, height) = (sane(time), sane(height));
        Self {
            points: self.points.iter().map(|&(t, h)| (t * time, h * height)).collect(),
            areas: self.areas.iter().map(|area| area * time * height).collect(),
        }
    }
}
