//! Whether tokens were revoked as promised, told from the journal of what was done with them.

use std::collections::HashSet;

use super::ledger::{Entry, Ledger};
use super::people::People;
use crate::area::AuditCheck;

/// One account per address.
pub(super) fn people(people: &People) -> AuditCheck {
    let mut seen = HashSet::new();
    let twice = people.all().iter().filter(|person| !seen.insert(person.email.as_str()));
    let twice = twice.map(|person| person.id.clone()).collect();
    AuditCheck::new("one_account_per_address", people.all().len(), "accounts", twice)
}

/// Refresh tokens worked once, and not after their family was over; what was declared dead is dead.
pub(super) fn tokens(ledger: &Ledger) -> [AuditCheck; 2] {
    [worked_once(ledger), dead_stay_dead(ledger)]
}

fn worked_once(ledger: &Ledger) -> AuditCheck {
    let (mut used, mut over) = (HashSet::new(), HashSet::new());
    let (mut trades, mut offending) = (0, Vec::new());
    for entry in ledger.journal() {
        match entry {
            Entry::Traded { family, jti } => {
                trades += 1;
                if !used.insert(jti) || over.contains(family) {
                    offending.push(jti.clone());
                }
            }
            Entry::FamilyRevoked { family } => {
                over.insert(family);
            }
        }
    }
    AuditCheck::new("refresh_tokens_work_once", trades, "trades of refresh tokens", offending)
}

fn dead_stay_dead(ledger: &Ledger) -> AuditCheck {
    let (mut promises, mut offending) = (0, Vec::new());
    for entry in ledger.journal() {
        let Entry::FamilyRevoked { family } = entry else { continue };
        promises += 1;
        if ledger.is_open(family) {
            offending.push(family.clone());
        }
    }
    AuditCheck::new("revoked_tokens_are_dead", promises, "revocations", offending)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::super::people::Person;
    use super::super::tokens::{Mint, Unreadable};
    use super::*;
    use crate::clock;

    fn signed_in(mint: &Mint, now: DateTime<Utc>) -> super::super::tokens::Pair {
        let ana = Person::registered("ana@example.com".into(), "Ana".into(), "Lee".into(), [0; 32]);
        mint.issue(&ana, None, now)
    }

    fn verdicts(ledger: &Ledger) -> [bool; 2] {
        tokens(ledger).map(|check| check.ok)
    }

    #[test]
    fn a_family_that_survives_its_revocation_is_found() {
        let (mint, mut ledger) = (Mint::new(b"key"), Ledger::default());
        let pair = signed_in(&mint, clock::wall());
        ledger.begin(&pair.refresh_claims);
        ledger.revoke_family(&pair.refresh_claims.family_id);
        assert_eq!(verdicts(&ledger), [true, true]);
        ledger.plant_survivor(&pair.refresh_claims);
        assert_eq!(verdicts(&ledger), [true, false]);
        assert_eq!(tokens(&ledger)[1].offending, [pair.refresh_claims.family_id]);
    }

    #[test]
    fn a_refresh_token_traded_twice_is_found() {
        let (mint, mut ledger) = (Mint::new(b"key"), Ledger::default());
        let (first, second) = (signed_in(&mint, clock::wall()), signed_in(&mint, clock::wall()));
        ledger.begin(&first.refresh_claims);
        ledger.trade(&first.refresh_claims, &second.refresh_claims);
        assert_eq!(verdicts(&ledger), [true, true]);
        ledger.plant_trade(&first.refresh_claims);
        assert_eq!(verdicts(&ledger), [false, true]);
        assert_eq!(tokens(&ledger)[0].offending, [first.refresh_claims.jti]);
    }

    #[test]
    fn an_account_that_exists_twice_is_found() {
        let mut two = People::default();
        let ana = || Person::registered("ana@example.com".into(), "Ana".into(), "Lee".into(), [0; 32]);
        two.push(ana());
        assert!(people(&two).ok);
        two.push(ana());
        assert!(!people(&two).ok);
    }

    #[test]
    fn a_token_ends_when_its_time_is_over() {
        let mint = Mint::new(b"key");
        let now = clock::wall();
        let fresh = signed_in(&mint, now - TimeDelta::minutes(29));
        let old = signed_in(&mint, now - TimeDelta::minutes(31));
        assert!(mint.read(&fresh.access).is_ok());
        assert_eq!(mint.read(&old.access), Err(Unreadable::Expired));
        assert!(mint.read(&old.refresh).is_ok(), "a refresh token lives for seven days");
        let ancient = signed_in(&mint, now - TimeDelta::days(8));
        assert_eq!(mint.read(&ancient.refresh), Err(Unreadable::Expired));
    }

    #[test]
    fn families_that_ended_take_no_room() {
        let (mint, mut ledger) = (Mint::new(b"key"), Ledger::default());
        let ancient = signed_in(&mint, clock::wall() - TimeDelta::days(8));
        ledger.begin(&ancient.refresh_claims);
        ledger.begin(&signed_in(&mint, clock::wall()).refresh_claims);
        assert!(!ledger.is_open(&ancient.refresh_claims.family_id));
    }
}
