use engine::stats::{
    Block, beta_regularized, binomial_cdf, clopper_pearson, design_effect, more_needed, most_bad,
    nearest_rank, quantile_ranks, shown_above, shown_below, smallest_sample,
};
use proptest::prelude::*;

#[test]
fn p95_allows_this_many_slow_ones() {
    let table = [(59, 0), (100, 1), (200, 4), (500, 16), (1_000, 38), (5_000, 224), (30_000, 1_437)];
    for (n, slow) in table {
        assert_eq!(most_bad(n, 0.05), Some(slow), "of {n}");
    }
    assert_eq!(most_bad(58, 0.05), None);
}

#[test]
fn smallest_samples_that_can_pass() {
    for (limit, needed) in [(0.05, 59), (0.02, 149), (0.01, 299), (0.005, 598), (0.001, 2_995)] {
        assert_eq!(smallest_sample(limit), needed, "for {limit}");
        assert!(shown_below(0.0, needed as f64, limit));
        assert!(!shown_below(0.0, needed as f64 - 1.0, limit));
    }
    assert_eq!((smallest_sample(0.0), smallest_sample(1.0)), (u64::MAX, 1));
}

/// Bounds as tabulated for two-sided 90 % intervals (one-sided 95 % each way), for instance in
/// R: `qbeta(0.05, x, n-x+1)` and `qbeta(0.95, x+1, n-x)`.
#[test]
fn bounds_are_clopper_and_pearsons() {
    let near = |(a, b): (f64, f64), (c, d): (f64, f64)| (a - c).abs() < 5e-5 && (b - d).abs() < 5e-5;
    assert!(near(clopper_pearson(0.0, 10.0), (0.0, 0.258_866)), "{:?}", clopper_pearson(0.0, 10.0));
    assert!(near(clopper_pearson(10.0, 10.0), (0.741_134, 1.0)));
    assert!(near(clopper_pearson(1.0, 10.0), (0.005_116, 0.394_163)));
    assert!(near(clopper_pearson(5.0, 10.0), (0.222_441, 0.777_559)));
}

/// The sum itself, in logarithms.
fn binomial_sum(k: u64, n: u64, p: f64) -> f64 {
    let mut ln_term = n as f64 * (-p).ln_1p();
    let mut sum = ln_term.exp();
    for i in 0..k {
        ln_term += ((n - i) as f64 / (i + 1) as f64).ln() + (p / (1.0 - p)).ln();
        sum += ln_term.exp();
    }
    sum.min(1.0)
}

#[test]
fn the_beta_function_converges_for_large_samples() {
    for (k, n, p) in
        [(1_437, 30_000, 0.05), (9_800, 1_000_000, 0.01), (49_900, 1_000_000, 0.05), (3, 40, 0.5)]
    {
        let (fast, slow) = (binomial_cdf(k as f64, n as f64, p), binomial_sum(k, n, p));
        assert!((fast - slow).abs() < 1e-6, "P(X ≤ {k} | {n}, {p}): {fast} against {slow}");
    }
    assert_eq!((beta_regularized(2.0, 3.0, 0.0), beta_regularized(2.0, 3.0, 1.0)), (0.0, 1.0));
    assert_eq!((binomial_cdf(-1.0, 5.0, 0.5), binomial_cdf(5.0, 5.0, 0.5)), (0.0, 1.0));
}

#[test]
fn ranks_of_a_percentile_and_of_its_interval() {
    assert_eq!((nearest_rank(100, 0.95), nearest_rank(101, 0.95), nearest_rank(1, 0.99)), (95, 96, 1));
    // Conover's example and the usual table: the median of 20 lies between ranks 6 and 15.
    assert_eq!(quantile_ranks(20, 0.5), (Some(6), Some(15)));
    // p95 of 100: too few above it for an upper end at 97.5 %? 0.95^100 = 0.6 %: there is one.
    let (low, high) = quantile_ranks(100, 0.95);
    assert!(low.is_some() && high.is_some());
    assert_eq!(quantile_ranks(20, 0.99).1, None);
    assert_eq!(quantile_ranks(5, 0.5), (None, None));
}

#[test]
fn independent_blocks_have_no_design_effect() {
    let even = vec![Block { n: 100, bad: 5 }; 30];
    assert!((design_effect(&even, 0.05) - 1.0).abs() < 1e-12);
    assert!((design_effect(&vec![Block { n: 100, bad: 0 }; 30], 0.05) - 1.0).abs() < 1e-12);
}

#[test]
fn slow_answers_that_come_in_bursts_count_for_fewer() {
    // One block of twenty is all slow. Var(share) = 1/20, n_b = 100, p(1−p) = 0.0475.
    let mut blocks = vec![Block { n: 100, bad: 0 }; 20];
    blocks[7].bad = 100;
    let expected = 0.05 * 100.0 / 0.0475;
    assert!((design_effect(&blocks, 0.05) - expected).abs() < 1e-9);
}

#[test]
fn what_is_missing_to_a_decision() {
    assert_eq!(more_needed(0.0, 0.0, 0.05), Some(59));
    assert_eq!(more_needed(0.0, 50.0, 0.05), Some(9));
    // A share right at the limit is never decided.
    assert_eq!(more_needed(5.0, 100.0, 0.05), None);
    let more = more_needed(4.0, 100.0, 0.05).expect("a share of 4 % is below 5 %");
    let total = 100.0 + more as f64;
    assert!(shown_below(0.04 * total, total, 0.05));
    assert!(!shown_below(0.04 * (total - 2.0), total - 2.0, 0.05));
}

proptest! {
    #[test]
    fn a_bound_and_its_decision_agree(n in 1_u64..5_000, part in 0.0..1.0, limit in 0.001_f64..0.5) {
        let (n, bad) = (n as f64, f64::floor(part * n as f64));
        let (low, high): (f64, f64) = clopper_pearson(bad, n);
        prop_assert!(low <= bad / n + 1e-9 && bad / n <= high + 1e-9);
        prop_assume!((high - limit).abs() > 1e-9 && (low - limit).abs() > 1e-9);
        prop_assert_eq!(shown_below(bad, n, limit), high < limit);
        prop_assert_eq!(shown_above(bad, n, limit), low > limit);
        prop_assert!(!(shown_below(bad, n, limit) && shown_above(bad, n, limit)));
    }

    #[test]
    fn intervals_enclose_their_percentile(n in 1_u64..3_000, q in 0.01..0.999) {
        let rank = nearest_rank(n, q);
        let (low, high) = quantile_ranks(n, q);
        prop_assert!(low.is_none_or(|low| low <= rank));
        prop_assert!(high.is_none_or(|high| high >= rank && high <= n));
    }

    #[test]
    fn a_design_effect_is_at_least_one(blocks in prop::collection::vec((1_u64..200, 0.0..1.0), 2..60)) {
        let block = |(n, part): (u64, f64)| Block { n, bad: (part * n as f64) as u64 };
        let blocks: Vec<Block> = blocks.into_iter().map(block).collect();
        prop_assert!(design_effect(&blocks, 0.05) >= 1.0);
    }
}
