//! The lock on an account somebody guesses at.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use contract::auth::{LOCK_AFTER, LOCK_SECONDS};

/// Wrong passwords in a row, by account. Only accounts that had some are here.
#[derive(Default)]
pub(super) struct Lockouts {
    accounts: HashMap<String, Attempts>,
}

#[derive(Default)]
struct Attempts {
    wrong: u32,
    locked_until: Option<DateTime<Utc>>,
}

impl Lockouts {
    /// How many minutes, rounded up, an account stays locked; none when it is not.
    pub(super) fn minutes_left(&mut self, account: &str, now: DateTime<Utc>) -> Option<u64> {
        let until = self.accounts.get(account)?.locked_until?;
        if until <= now {
            self.accounts.remove(account);
            return None;
        }
        Some((until - now).num_milliseconds().max(1).cast_unsigned().div_ceil(60_000))
    }

    /// Notes a wrong password.
    pub(super) fn wrong(&mut self, account: &str, now: DateTime<Utc>) {
        let attempts = self.accounts.entry(account.to_owned()).or_default();
        attempts.wrong += 1;
        if attempts.wrong >= LOCK_AFTER {
            attempts.locked_until = Some(now + TimeDelta::seconds(LOCK_SECONDS.cast_signed()));
        }
    }

    /// Notes the right password.
    pub(super) fn right(&mut self, account: &str) {
        self.accounts.remove(account);
    }

    pub(super) fn clear(&mut self) {
        self.accounts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time within range")
    }

    #[test]
    fn five_wrong_in_a_row_lock_for_fifteen_minutes() {
        let mut lockouts = Lockouts::default();
        for _ in 0..4 {
            lockouts.wrong("ana", at(0));
        }
        assert_eq!(lockouts.minutes_left("ana", at(0)), None);
        lockouts.wrong("ana", at(0));
        assert_eq!(lockouts.minutes_left("ana", at(0)), Some(15));
        assert_eq!(lockouts.minutes_left("ana", at(61)), Some(14));
        assert_eq!(lockouts.minutes_left("ana", at(899)), Some(1));
        assert_eq!(lockouts.minutes_left("ana", at(900)), None);
        lockouts.wrong("ana", at(901));
        assert_eq!(lockouts.minutes_left("ana", at(901)), None, "counting starts again");
    }

    #[test]
    fn the_right_password_ends_the_row() {
        let mut lockouts = Lockouts::default();
        for _ in 0..4 {
            lockouts.wrong("ana", at(0));
        }
        lockouts.right("ana");
        lockouts.wrong("ana", at(0));
        assert_eq!(lockouts.minutes_left("ana", at(0)), None);
    }
}
