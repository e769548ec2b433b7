//! How Stripe is asked: how often, how many at a time, how patiently.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;

/// Calls a second, on average and never more in any second. Test mode takes 25 of an account and CI shares them.
pub(crate) const CALLS_PER_SECOND: u32 = 20;

/// How Stripe is asked. The default is what Stripe is owed; a test against a server of its own may hurry.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Time from one call to the next.
    pub between_calls: Duration,
    /// Calls under way at a time.
    pub at_a_time: usize,
    /// Longest wait for one answer, its body included.
    pub patience: Duration,
    /// How often a call is sent at most.
    pub tries: u32,
    /// Upper bound of the wait before the second try; it doubles from try to try.
    pub first_wait: Duration,
    /// Upper bound of every wait, whatever the server asks for.
    pub longest_wait: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            between_calls: Duration::from_secs(1) / CALLS_PER_SECOND,
            at_a_time: 8,
            patience: Duration::from_secs(80),
            tries: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// Gives calls their turns, one after the other. Time that passes unused is not saved up, and when the machine was
/// stalled the turns missed are not made up for: there are no bursts.
#[derive(Debug)]
pub(super) struct Pace {
    between: Duration,
    /// When the next turn may be; whoever holds it is the next.
    next: tokio::sync::Mutex<Instant>,
    /// Until when nobody gets a turn.
    rest: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(between: Duration) -> Self {
        let now = clock::instant();
        Self { between, next: tokio::sync::Mutex::new(now), rest: Mutex::new(now) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        loop {
            let due = next.max(*self.rest.lock().unwrap_or_else(PoisonError::into_inner));
            if due <= clock::instant() {
                break;
            }
            tokio::time::sleep_until(due).await;
        }
        *next = clock::instant() + self.between;
    }

    /// Nobody gets a turn for this long: the server asked all of us to wait.
    pub(super) fn rest(&self, pause: Duration) {
        let until = clock::instant() + pause;
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        *rest = until.max(*rest);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    /// The most turns in any second.
    fn peak(turns: &[Instant]) -> usize {
        let within = |from: &Instant| {
            turns
                .iter()
                .filter(|turn| *turn >= from && turn.duration_since(*from) < Duration::from_secs(1))
                .count()
        };
        turns.iter().map(within).max().unwrap_or(0)
    }

    async fn turns(pace: &Pace, count: usize) -> Vec<Instant> {
        let mut turns = join_all((0..count).map(|_| async {
            pace.turn().await;
            clock::instant()
        }))
        .await;
        turns.sort_unstable();
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_twenty_turns_however_many_wait() {
        let pace = Pace::new(Manners::default().between_calls);
        let turns = turns(&pace, 500).await;
        assert_eq!(peak(&turns), 20);
        let took = turns[499].duration_since(turns[0]).as_secs_f64();
        assert!((24.9..25.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_time_is_not_saved_up_for_a_burst() {
        let pace = Pace::new(Manners::default().between_calls);
        pace.turn().await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(peak(&turns(&pace, 100).await), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_missed_in_a_stall_are_not_made_up_for() {
        let pace = Pace::new(Manners::default().between_calls);
        let waiting = turns(&pace, 100);
        let stalled = async {
            tokio::time::sleep(Duration::from_millis(520)).await;
            tokio::time::advance(Duration::from_secs(2)).await;
        };
        let (turns, ()) = tokio::join!(waiting, stalled);
        assert_eq!(peak(&turns), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_is_everybodys() {
        let pace = Pace::new(Manners::default().between_calls);
        let began = clock::instant();
        pace.rest(Duration::from_secs(3));
        let first = turns(&pace, 5).await[0];
        assert!(first.duration_since(began) >= Duration::from_secs(3));
    }
}
