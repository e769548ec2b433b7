//! Numbers and reasons as people read them, the same wherever they are written.

use std::{error::Error, time::Duration};

/// The innermost reason: `connection refused` says more than `error sending request`, and names no address.
pub fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// `30 750`: thousands set apart by a space.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A measured duration: `0.42 ms`, `4.20 ms`, `42.0 ms`, `420 ms`, `4 200 ms`, `42.0 s`; three digits and the
/// unit that fits.
pub fn duration(value: Duration) -> String {
    let ms = value.as_secs_f64() * 1e3;
    match ms {
        0.0 => "0 ms".to_owned(),
        ms if ms < 0.005 => "< 0.01 ms".to_owned(),
        // The bounds are where rounding would give a digit more.
        ms if ms < 9.995 => format!("{ms:.2} ms"),
        ms if ms < 99.95 => format!("{ms:.1} ms"),
        ms if ms < 9_999.5 => format!("{} ms", number(ms.round() as u64)),
        ms => format!("{:.1} s", ms / 1e3),
    }
}

/// A limit, which is exact: `10 ms`, `0.5 ms`, `1 200 ms`.
pub fn limit(value: Duration) -> String {
    let whole = number(value.as_millis() as u64);
    match value.subsec_nanos() % 1_000_000 {
        0 => format!("{whole} ms"),
        rest => {
            let rest = format!("{rest:06}");
            format!("{whole}.{} ms", rest.trim_end_matches('0'))
        }
    }
}

/// A share in per cent, with as many digits as it takes to tell it from 0 and from 100 %.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let distance = percent.min(100.0 - percent);
    let digits = match distance {
        // A billionth of a per cent is a rounding error of `1 − share`.
        d if d < 1e-9 => 0,
        d if d < 0.000_005 => {
            return if percent < 50.0 { "< 0.00001 %" } else { "> 99.99999 %" }.to_owned();
        }
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
pub fn proportion(share: f64, of: u64, all: u64) -> String {
    format!("{} ({} of {})", percent(share), number(of), number(all))
}

/// `1 request`, `2 requests`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A measured duration in milliseconds: see [`duration`]. Nothing takes less than no time.
pub fn duration_ms(ms: f64) -> String {
    duration(Duration::try_from_secs_f64(ms.max(0.0) / 1e3).unwrap_or(Duration::MAX))
}

/// A change of it: `+42.0 ms`, `-4.20 ms`, `0 ms`.
pub fn signed_ms(ms: f64) -> String {
    let sign = if ms > 0.0 {
        "+"
    } else if ms < 0.0 {
        "-"
    } else {
        ""
    };
    format!("{sign}{}", duration_ms(ms.abs()))
}

/// A change as a share: `+24 %`, `-3.1 %`.
pub fn signed_percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 9.95 { format!("{percent:+.1} %") } else { format!("{percent:+.0} %") }
}

/// Text of somebody else's as one line, with nothing in it that controls what shows it: a terminal, or a reader's eye.
pub fn one_line(text: &str) -> String {
    let kept = text.chars().filter(|c| !is_unseen(*c));
    kept.map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// The same for a terminal or a log, line by line: where that is a workflow's on GitHub, none of it is a command there.
pub fn tame(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let line = one_line(line).replace("##[", "## [");
        if line.trim_start().starts_with("::") { line.replacen("::", ": :", 1) } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A character that has no width, or turns the direction of others.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
