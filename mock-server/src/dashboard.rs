//! A member's dashboard.

use chrono::{DateTime, Months, Utc};
use contract::dashboard::{Activity, Dashboard, GetDashboard, Stats};
use contract::{ApiError, Nothing};

use crate::api::Api;
use crate::auth::Person;
use crate::caller::Caller;
use crate::mock::Mock;

/// Activities that are shown.
const RECENT: usize = 10;

/// Months between two gradings.
const GRADING_EVERY: u32 = 6;

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<GetDashboard>(dashboard)
}

fn dashboard(mock: &Mock, caller: &Caller, _: Nothing, _: Nothing) -> Result<Dashboard, ApiError> {
    let person = mock.person_of(caller)?;
    let now = mock.clock.now();
    let events = mock.events.of_member(&person.email, now);
    let mut recent_activity = events.recent;
    recent_activity.extend(person.joined_at.map(|at| Activity {
        kind: "joined".to_owned(),
        description: "Joined WWMAA".to_owned(),
        at,
    }));
    recent_activity.sort_by_key(|activity| std::cmp::Reverse(activity.at));
    recent_activity.truncate(RECENT);
    Ok(Dashboard {
        user: person.summary(mock.tier_of(&person)),
        subscription: mock.subscriptions.of_member(&person.id),
        upcoming_events: events.upcoming,
        recent_activity,
        stats: Stats {
            events_attended: events.attended,
            hours_trained: events.hours_trained,
            next_grading: next_grading(&person, now),
        },
    })
}

/// The next half-yearly grading after `now`, counted from the day a person joined; those who have not joined
/// have none.
fn next_grading(person: &Person, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let joined = person.joined_at?;
    (1..=200).find_map(|n| joined.checked_add_months(Months::new(n * GRADING_EVERY)).filter(|at| *at > now))
}
