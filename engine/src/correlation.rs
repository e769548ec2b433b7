//! Which of many series moves with which, and whether that is more than chance.
//!
//! Rank correlation (Spearman) asks whether one rises when the other does, however bent the relation is. Series over
//! time resemble themselves a moment ago, so that two which have nothing to do with each other correlate more often
//! than any table of significance says. Chance is therefore measured, not looked up: the followers are replaced by
//! series that have the same spectrum, hence the same autocorrelation, and random phases (Theiler et al., *Testing for
//! nonlinearity in time series: the method of surrogate data*, Physica D 58, 1992), all of them by the same phases so
//! that they resemble each other as before. The best match over every pair and every lag of each such world is what
//! chance can do; a match is as unlikely as the share of worlds that do as well (the maximum statistic of Westfall and
//! Young, which allows for everything that was tried).

use std::f64::consts::TAU;

/// How well one series follows another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// The place of the one that follows.
    pub follower: usize,
    /// The place of the one that leads.
    pub leader: usize,
    /// By how many steps the leader is ahead; negative when it comes after.
    pub lead: i64,
    /// Their rank correlation at that lag, -1 to 1.
    pub rho: f64,
    /// How often chance does as well anywhere among all pairs and lags.
    pub chance: f64,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Lags up to so many steps, either way.
    pub most_lag: usize,
    /// Worlds of chance; the smallest chance that can be told is one in this many and one.
    pub worlds: u32,
    /// Seed of their phases.
    pub seed: u64,
}

/// Ranks from 1, equal values sharing the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for group in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        let mean = from as f64 + (group.len() + 1) as f64 / 2.0;
        for &place in group {
            ranks[place] = mean;
        }
        from += group.len();
    }
    ranks
}

/// Spearman's rank correlation; `None` when one of them never changes, or they differ in length.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() == b.len() { pearson(&ranks(a), &ranks(b)) } else { None }
}

/// The best match of every follower with every leader, the surest first. All series are of one length; those that
/// never change match nothing.
pub fn matches(followers: &[Vec<f64>], leaders: &[Vec<f64>], search: Search) -> Vec<Match> {
    let follower_ranks: Vec<Vec<f64>> = followers.iter().map(|values| ranks(values)).collect();
    let leader_ranks: Vec<Vec<f64>> = leaders.iter().map(|values| ranks(values)).collect();
    let mut found = best(&follower_ranks, &leader_ranks, search.most_lag);
    let spectra: Vec<Spectrum> = follower_ranks.iter().map(|values| Spectrum::of(values)).collect();
    let mut phases = Phases(search.seed);
    let mut by_chance: Vec<f64> = Vec::new();
    for _ in 0..search.worlds {
        let turns: Vec<f64> = (0..followers.first().map_or(0, Vec::len)).map(|_| phases.draw()).collect();
        let world: Vec<Vec<f64>> = spectra.iter().map(|spectrum| ranks(&spectrum.turned(&turns))).collect();
        let most = best(&world, &leader_ranks, search.most_lag).iter().map(|it| it.rho).fold(-1.0, f64::max);
        by_chance.push(most);
    }
    for it in &mut found {
        let as_good = by_chance.iter().filter(|rho| **rho >= it.rho).count();
        it.chance = (as_good + 1) as f64 / (by_chance.len() + 1) as f64;
    }
    found.sort_by(|a, b| b.rho.total_cmp(&a.rho).then((a.follower, a.leader).cmp(&(b.follower, b.leader))));
    found
}

/// The lag at which each pair correlates most; of equal ones the shortest.
fn best(followers: &[Vec<f64>], leaders: &[Vec<f64>], most_lag: usize) -> Vec<Match> {
    let mut found = Vec::new();
    for (follower, late) in followers.iter().enumerate() {
        for (leader, early) in leaders.iter().enumerate() {
            let lags = (0i64..).zip(0..=most_lag).flat_map(|(lead, lag)| [(lead, lag, 0), (-lead, 0, lag)]);
            let tried = lags.filter_map(|(lead, skip_late, skip_early)| {
                let length = late.len().checked_sub(skip_late + skip_early)?;
                let rho = pearson(
                    late.get(skip_late..skip_late + length)?,
                    early.get(skip_early..skip_early + length)?,
                )?;
                Some(Match { follower, leader, lead, rho, chance: 1.0 })
            });
            found.extend(tried.reduce(|best, next| if next.rho > best.rho { next } else { best }));
        }
    }
    found
}

/// Pearson's correlation; `None` when one of them never changes.
fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    // In one pass: ranks are small and exact, so nothing cancels.
    let (mut sum_a, mut sum_b, mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        sum_a += x;
        sum_b += y;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    let (aa, bb, ab) = (n * aa - sum_a * sum_a, n * bb - sum_b * sum_b, n * ab - sum_a * sum_b);
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

/// A series as a sum of waves: the amplitude and phase of each. The constant part is left out; ranks do without.
struct Spectrum {
    length: usize,
    /// Amplitude and phase, of one wave over the whole series, of two, …
    waves: Vec<(f64, f64)>,
}

impl Spectrum {
    fn of(values: &[f64]) -> Self {
        let length = values.len();
        let wave = |k: usize| {
            let sum = |part: fn(f64) -> f64| {
                let at = |t: usize| part(angle(k, t, length));
                values.iter().enumerate().map(|(t, value)| value * at(t)).sum::<f64>()
            };
            let (cosine, sine) = (sum(f64::cos), sum(f64::sin));
            // The shortest wave of an even length stands for itself, the others for their mirror image, too.
            let weight = if 2 * k == length { 0.5 } else { 1.0 };
            (weight * cosine.hypot(sine), sine.atan2(cosine))
        };
        Self { length, waves: (1..=length / 2).map(wave).collect() }
    }

    /// The series with each wave turned by an angle of its own.
    fn turned(&self, turns: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; self.length];
        for (k, (&(amplitude, phase), turn)) in (1..).zip(self.waves.iter().zip(turns)) {
            // cos(ωt − φ) step by step: one rotation instead of a cosine.
            let (sin, cos) = (TAU * f64::from(k) / self.length as f64).sin_cos();
            let (mut x, mut y) = (amplitude * (turn - phase).cos(), amplitude * (turn - phase).sin());
            for value in &mut values {
                *value += x;
                (x, y) = (x * cos - y * sin, x * sin + y * cos);
            }
        }
        values
    }
}

fn angle(k: usize, t: usize, length: usize) -> f64 {
    TAU * ((k * t) % length) as f64 / length as f64
}

/// Angles that a seed decides: `SplitMix64` (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*,
/// 2014).
struct Phases(u64);

impl Phases {
    fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        TAU * ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests;
