//! Numbers as people read them; the same in every format.

use std::time::Duration;

/// `0.42 ms`, `4.2 ms`, `420 ms`, `4.20 s`: three digits, the unit that fits.
pub(super) fn duration(value: Duration) -> String {
    let ms = value.as_secs_f64() * 1e3;
    match ms {
        ms if ms >= 9_999.5 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 100.0 => format!("{ms:.0} ms"),
        ms if ms >= 10.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.2} ms"),
    }
}

/// `30 750`: thousands set apart by a thin, unbreakable space.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let head = (!head.is_empty()).then(|| head.to_owned());
    head.into_iter().chain(groups).collect::<Vec<_>>().join("\u{202f}")
}

/// A share in per cent, with as many digits as it takes to tell it from 0 and from 100 %.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let distance = percent.min(100.0 - percent).max(0.0);
    let digits = match distance {
        0.0 => 0,
        d if d < 0.001 => 5,
        d if d < 0.1 => 3,
        d if d < 10.0 => 2,
        _ => 1,
    };
    let text = format!("{percent:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

/// `99.9 % (2 997 of 3 000)`.
pub(super) fn proportion(share: f64, of: u64, all: u64) -> String {
    format!("{} ({} of {})", percent(share), number(of), number(all))
}
