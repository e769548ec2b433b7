use proptest::prelude::*;

use super::*;

/// Reads one as its specification has it (W3C Trace Context, 3.2), by nobody's code but this.
fn read(text: &str) -> Option<Traceparent> {
    let lower = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { return None };
    let lengths = (version.len(), trace.len(), span.len(), flags.len()) == (2, 32, 16, 2);
    if !lengths || version != "00" || !parts.iter().all(|part| lower(part)) {
        return None;
    }
    let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
    let span = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    Some(Traceparent { trace, span, sampled: flags & 1 == 1 })
}

#[test]
fn it_is_what_the_specification_shows() {
    let shown = Traceparent {
        trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
        span: 0x00f0_67aa_0ba9_02b7,
        sampled: true,
    };
    assert_eq!(shown.value(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

proptest! {
    #[test]
    fn it_reads_back(trace in 1..=u128::MAX, span in 1..=u64::MAX, sampled: bool) {
        let made = Traceparent { trace, span, sampled };
        let written = made.written();
        let text = str::from_utf8(&written).expect("ASCII");
        prop_assert_eq!(text, made.to_string());
        prop_assert_eq!(read(text), Some(made));
    }
}
