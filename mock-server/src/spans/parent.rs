//! Who asks: the `traceparent` of W3C Trace Context.

use http::HeaderMap;

/// The caller's own span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    /// Whether the caller records the trace.
    pub(super) sampled: bool,
}

impl Parent {
    /// What the headers say, unless it is nothing, or not by the specification: then there is no trace to join.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(only), None) = (all.next(), all.next()) else { return None };
        Self::read(only.to_str().ok()?)
    }

    /// Reads it (W3C Trace Context, 3.2.2). A version after this one may have more behind the flags.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let mut next = |digits: usize| parts.next().filter(|part| part.len() == digits && is_hex(part));
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

fn is_hex(part: &str) -> bool {
    part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn it_is_read_as_the_specification_has_it() {
        let parent = Parent {
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        assert_eq!(Parent::read(&format!("00-{TRACE}-{SPAN}-01")), Some(parent));
        assert_eq!(Parent::read(&format!("00-{TRACE}-{SPAN}-00")), Some(Parent { sampled: false, ..parent }));
        assert_eq!(Parent::read(&format!("01-{TRACE}-{SPAN}-01-more")), Some(parent), "a later version");
    }

    #[test]
    fn what_is_not_by_the_specification_is_no_parent() {
        let zero = "0".repeat(32);
        for wrong in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zero}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
        ] {
            assert_eq!(Parent::read(&wrong), None, "{wrong}");
        }
        let mut twice = HeaderMap::new();
        for _ in 0..2 {
            twice.append("traceparent", format!("00-{TRACE}-{SPAN}-01").parse().expect("a header"));
        }
        assert_eq!(Parent::of(&twice), None, "which of them?");
    }
}
