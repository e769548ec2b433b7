//! The difference of two shares, of failed requests say.
//!
//! The interval is Newcombe's (*Statistics in Medicine* 17, 1998, method 10: two Wilson intervals put together), the
//! p-value Fisher's exact one. Failures come in bursts, so both are taken of as many samples as the blocks are worth:
//! see [`stats::design_effect`].

use statrs::function::gamma::ln_gamma;

use super::bootstrap::Estimate;
use crate::stats::{self, Block};

/// The standard normal deviate of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// The difference of the shares of bad ones; `None` where one side has no samples, or neither a bad one.
pub fn difference(a: &[Block], b: &[Block]) -> Option<Estimate> {
    let [all_a, all_b] = [a, b].map(total);
    if all_a.n == 0 || all_b.n == 0 || all_a.bad + all_b.bad == 0 {
        return None;
    }
    let pooled = (all_a.bad + all_b.bad) as f64 / (all_a.n + all_b.n) as f64;
    // Each around its own share: that the two differ is the question, not what makes samples worth less.
    let effect = stats::design_effect(a, pooled).max(stats::design_effect(b, pooled));
    let [worth_a, worth_b] = [all_a, all_b].map(|block| worth(block, effect));
    let (low, high) = newcombe(worth_a, worth_b);
    let share = |block: Block| block.bad as f64 / block.n as f64;
    Some(Estimate { a: share(all_a), b: share(all_b), low, high, p: fisher(worth_a, worth_b) })
}

fn total(blocks: &[Block]) -> Block {
    blocks.iter().fold(Block::default(), |sum, block| Block { n: sum.n + block.n, bad: sum.bad + block.bad })
}

/// As many independent samples as these are worth.
fn worth(block: Block, effect: f64) -> Block {
    let scaled = |n: u64| (n as f64 / effect).round() as u64;
    let n = scaled(block.n).max(1);
    Block { n, bad: scaled(block.bad).min(n) }
}

/// Wilson's 95 % interval of a share.
fn wilson(block: Block) -> (f64, f64) {
    let (n, share) = (block.n as f64, block.bad as f64 / block.n as f64);
    let middle = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

/// Newcombe's 95 % interval of the second share less the first.
pub fn newcombe(a: Block, b: Block) -> (f64, f64) {
    let share = |block: Block| block.bad as f64 / block.n as f64;
    let ((low_a, high_a), (low_b, high_b)) = (wilson(a), wilson(b));
    let difference = share(b) - share(a);
    let down = ((share(b) - low_b).powi(2) + (high_a - share(a)).powi(2)).sqrt();
    let up = ((high_b - share(b)).powi(2) + (share(a) - low_a).powi(2)).sqrt();
    (difference - down, difference + up)
}

/// Fisher's exact test, two-sided: how likely tables as unlikely as this one, or less likely, are by chance.
pub fn fisher(a: Block, b: Block) -> f64 {
    let (n, bad) = (a.n + b.n, a.bad + b.bad);
    let ln_choose =
        |n: u64, k: u64| ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0);
    let all = ln_choose(n, bad);
    let ln_of = |in_a: u64| ln_choose(a.n, in_a) + ln_choose(b.n, bad - in_a) - all;
    let seen = ln_of(a.bad);
    let tables = bad.saturating_sub(b.n)..=bad.min(a.n);
    // A table exactly as likely as the one seen must count, whatever rounding makes of it.
    tables.map(ln_of).filter(|table| *table <= seen + 1e-7).map(f64::exp).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests;
