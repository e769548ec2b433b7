use super::*;

/// Text a target could have sent.
const HOSTILE: &str = "<img src=x onerror=\"alert(1)\">";

#[test]
fn what_the_target_says_of_itself_stays_text() {
    let evidence = Bottlenecks {
        summary: HOSTILE.to_owned(),
        found: vec![Bottleneck {
            scenario: "search-load".to_owned(),
            series: HOSTILE.to_owned(),
            source: HOSTILE.to_owned(),
            resource: HOSTILE.to_owned(),
            correlation: 0.914,
            lead_s: -2.0,
            sentence: HOSTILE.to_owned(),
        }],
        recommendations: vec![Recommendation {
            topic: "Database indexes",
            title: HOSTILE.to_owned(),
            evidence: vec![HOSTILE.to_owned()],
            change: Some(HOSTILE.to_owned()),
            proof: HOSTILE.to_owned(),
        }],
    };
    let said = bottlenecks(&evidence).into_string();
    assert_eq!((said.matches("<img").count(), said.matches("&lt;img").count()), (0, 9));
    assert!(said.contains("+0.91") && said.contains("-2 s"), "{said}");
}

#[test]
fn the_checklist_says_of_each_line_what_says_so_and_what_is_not_met_before_all() {
    let line = |mark| Line {
        section: "Performance",
        claim: "p95 below 1 200 ms".to_owned(),
        mark,
        because: HOSTILE.to_owned(),
    };
    let said = readiness(&[line(Mark::Met), line(Mark::NotMeasurable)]).into_string();
    assert!(said.contains("1 met, 0 not met, 1 that this run cannot say."), "{said}");
    assert!(said.contains("<details>") && !said.contains("<img"), "{said}");
    let said = readiness(&[line(Mark::NotMet)]).into_string();
    let first = "<b>Not met: </b>p95 below 1\u{a0}200\u{a0}ms";
    assert!(said.replace(' ', "\u{a0}").contains(&first.replace(' ', "\u{a0}")), "{said}");
    assert!(said.contains("<details>") && said.contains("chip fail\">NOT MET"), "{said}");
}

#[test]
fn where_nothing_was_looked_at_nothing_is_said() {
    assert_eq!(bottlenecks(&Bottlenecks::default()).into_string(), "");
    assert_eq!(readiness(&[]).into_string(), "");
}
