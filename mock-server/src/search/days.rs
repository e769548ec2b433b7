//! Days and moments in query strings.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};

/// The first moment of what `text` names: a day (`2027-01-31`) or a moment (RFC 3339; UTC without an offset).
pub(crate) fn from(text: &str) -> Option<DateTime<Utc>> {
    day(text).or_else(|| moment(text))
}

/// The first moment after what `text` names, so that a day is meant whole.
pub(crate) fn until(text: &str) -> Option<DateTime<Utc>> {
    let next_day = day(text).and_then(|day| day.checked_add_days(Days::new(1)));
    next_day.or_else(|| moment(text)?.checked_add_signed(chrono::TimeDelta::nanoseconds(1)))
}

fn day(text: &str) -> Option<DateTime<Utc>> {
    let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    // In a query string an unescaped `+02:00` arrives with a space.
    let text = text.trim().replace(' ', "+");
    let exact = DateTime::parse_from_rfc3339(&text).ok().map(|at| at.with_timezone(&Utc));
    exact.or_else(|| NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_whole_and_a_moment_exactly() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("well written here");
        assert_eq!(from("2027-01-31"), Some(at("2027-01-31T00:00:00Z")));
        assert_eq!(until("2027-01-31"), Some(at("2027-02-01T00:00:00Z")));
        assert_eq!(from("2027-01-31T10:00:00 02:00"), Some(at("2027-01-31T08:00:00Z")));
        assert_eq!(from("2027-01-31T10:00:00"), Some(at("2027-01-31T10:00:00Z")));
        assert_eq!(until("2027-01-31T10:00:00Z"), Some(at("2027-01-31T10:00:00.000000001Z")));
    }

    #[test]
    fn nothing_else_is_a_date() {
        for text in ["", "soon", "2027-02-30", "31.01.2027", "2027-1", "2027-01-31x"] {
            assert_eq!((from(text), until(text)), (None, None), "{text}");
        }
    }
}
