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

/// What stands between backticks, and the lines of blocks.
fn commands() -> Vec<String> {
    let parts: Vec<&str> = GUIDE.split("```").collect();
    let (prose, blocks): (Vec<_>, Vec<_>) =
        parts.iter().enumerate().partition(|(place, _)| place.is_multiple_of(2));
    let spans = prose.into_iter().flat_map(|(_, text)| text.split('`').skip(1).step_by(2));
    let lines = blocks.into_iter().flat_map(|(_, block)| block.lines());
    let words = spans.chain(lines).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|command| command.starts_with("loadgen ")).collect()
}

#[test]
fn every_command_of_the_guide_is_understood() {
    let commands = commands();
    assert!(commands.len() >= 20, "{commands:?}");
    for command in commands {
        if let Err(why) = crate::cli::understood(command.split_whitespace()) {
            panic!("`{command}`: {why}");
        }
    }
}
