use proptest::prelude::*;

use super::*;

fn one(line: &str) -> Option<Sample> {
    let (mut samples, strange) = parse(line);
    assert_eq!(samples.len() + strange, 1, "{line}");
    samples.pop()
}

#[test]
fn samples_of_both_formats() {
    let sample = one(r#"mock_pool_held{pool="db",to="a \"b\" \\ c"} 3 1700000000000"#).expect("a sample");
    assert_eq!((sample.name.as_str(), sample.value), ("mock_pool_held", 3.0));
    assert_eq!((sample.label("pool"), sample.label("to")), (Some("db"), Some(r#"a "b" \ c"#)));
    assert_eq!(sample.label("none"), None);
    assert_eq!(one("process_cpu_seconds_total 12.5").map(|sample| sample.value), Some(12.5));
    assert_eq!(one("a{} +Inf").map(|sample| sample.value), Some(f64::INFINITY));
    assert!(one("a NaN").is_some_and(|sample| sample.value.is_nan()));
    let exemplar = one(r#"seconds_bucket{le="0.1"} 8 # {trace_id="ab"} 0.06"#).expect("a sample");
    assert_eq!((exemplar.label("le"), exemplar.value), (Some("0.1"), 8.0));
}

#[test]
fn comments_are_none_and_what_cannot_be_read_is_counted() {
    let (samples, strange) =
        parse("# HELP a b\n# TYPE a gauge\n\na 1\n# EOF\n<html>\na{b=\"c} 1\n1a 2\na b\n");
    assert_eq!((samples.len(), strange), (1, 4));
}

proptest! {
    #[test]
    fn whatever_comes_is_read_without_harm(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn a_label_comes_back_as_it_was(value in "\\PC{0,30}", number in any::<u32>()) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let (samples, strange) = parse(&format!("m{{l=\"{escaped}\"}} {number}"));
        prop_assert_eq!(strange, 0);
        prop_assert_eq!(samples[0].label("l"), Some(value.as_str()));
        prop_assert_eq!(samples[0].value.to_bits(), f64::from(number).to_bits());
    }
}
