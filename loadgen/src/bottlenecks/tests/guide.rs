use super::topics;

/// The guide, as it is shipped.
const GUIDE: &str = include_str!("../../../../docs/OPTIMIZATION_GUIDE.md");

#[test]
fn every_topic_has_its_heading_in_the_guide() {
    let headings: Vec<&str> = GUIDE.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for topic in topics() {
        assert!(headings.contains(&topic), "`## {topic}` is missing in docs/OPTIMIZATION_GUIDE.md");
    }
}

#[test]
fn every_topic_of_the_guide_says_how_to_prove_the_change() {
    for section in GUIDE.split("\n## ").skip(1) {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        if topics().contains(&heading) {
            for part in ["**Look at**", "**Change**", "**Prove**"] {
                assert!(text.contains(part), "{heading} has no {part}");
            }
        }
    }
}
