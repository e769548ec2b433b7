//! Whether a goal is lost while its run still goes on: sound, and therefore often silent.

use crate::{
    goal::{Claim, Goal, Kind, Standing},
    record, stats,
    verdict::observations,
};

/// True when the goal will be judged FAIL whatever the rest of the run brings, even if every observation
/// still to come is good. Never a guess: where more observations may come than anybody can say
/// ([`Goal::most`] is `None`), only an exact goal can be lost.
///
/// What "whatever comes" takes, kind by kind:
///
/// - *Exact*: one counterexample stays one.
/// - *Census*: all there are to be are at least those planned and at most [`Goal::most`]. The more there are,
///   the more of them may be bad, so the goal is lost when it would be with the most of them, all the others
///   being good.
/// - *Sampled*: FAIL is a lower bound of the share of bad ones above the limit `p`, of a sample that counts
///   as `n / deff`. How dependent the samples will turn out is not known yet, so the largest design effect
///   that any arrangement can have is allowed for. It is `Σ n_b (s_b − s̄)² / (B − 1) / (p (1 − p))`
///   ([`stats::design_effect`]), and the variance between blocks is no more than all there is,
///   `Σ n_b (s_b − s̄)² ≤ n s̄ (1 − s̄)`; it is applied from `B = 20` blocks on, so
///   `deff ≤ n s̄ (1 − s̄) / (19 p (1 − p))`. With `bad` fixed this bound grows with `n`, and so does the
///   limit's tail at a given effect: the worst to come is the most observations that may, all good. More bad
///   ones only help: at the largest effect the sample that counts is `k = 19 p (1 − p) / (1 − s̄)` bad ones of
///   `k / s̄`, of which the first grows and the good ones shrink as `s̄` grows. Between no effect and the
///   largest the tail only falls with the size of the sample, so both ends are looked at.
///
/// The price of certainty: a p95 is lost when about two in five of all that may come were slow already, a
/// p99 at about three in four, an error goal of 0.1 % hardly before the end.
pub fn doomed(goal: &Goal, seen: record::Standing) -> bool {
    let record::Standing { n, bad } = seen;
    if goal.standing != Standing::Applies || bad == 0 {
        return false;
    }
    let most = goal.most.filter(|most| *most >= n);
    match (goal.kind, most) {
        (Kind::Exact, _) => true,
        (Kind::Census, _) if matches!(goal.claim, Claim::Always(_) | Claim::Never(_)) => true,
        (_, None) => false,
        (Kind::Census, Some(most)) => !observations::holds(&goal.claim, bad, most.max(goal.planned)),
        (Kind::Sampled, Some(most)) => shown_at_any_effect(bad as f64, most as f64, goal.claim.allowed()),
    }
}

/// True when `bad` of `n` show a share above `limit` with no design effect and with the largest there can be.
fn shown_at_any_effect(bad: f64, n: f64, limit: f64) -> bool {
    let share = bad / n;
    let most_spread = n * share * (1.0 - share) / (observations::FEWEST_BLOCKS as f64 - 1.0);
    let largest = (most_spread / (limit * (1.0 - limit))).max(1.0);
    share > limit && [1.0, largest].iter().all(|effect| stats::shown_above(bad / effect, n / effect, limit))
}
