//! A few words of a text around what was looked for.

use super::words::words;

/// Characters shown before and after the place of the match, cut at spaces.
const BEFORE: usize = 60;
const AFTER: usize = 120;

/// The text around its first word that is looked for; none when it has none of them.
pub(crate) fn around(text: &str, is_looked_for: impl Fn(&str) -> bool) -> Option<String> {
    let hit = words(text).into_iter().find(|word| is_looked_for(&word.text))?;
    let (before, after) = text.split_at(hit.start);
    let start = before
        .char_indices()
        .rev()
        .nth(BEFORE - 1)
        .map_or(0, |(at, _)| before[at..].find(char::is_whitespace).map_or(at, |space| at + space));
    let end = after
        .char_indices()
        .nth(AFTER)
        .map_or(text.len(), |(at, _)| hit.start + after[..at].rfind(char::is_whitespace).unwrap_or(at));
    let head = if start > 0 { "… " } else { "" };
    let tail = if end < text.len() { " …" } else { "" };
    Some(format!("{head}{}{tail}", text[start..end].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_holds_the_match_and_is_cut_at_spaces() {
        let text = format!("{} the kata of the day {}", "before ".repeat(40), "after ".repeat(60));
        let snippet = around(&text, |word| word == "kata").expect("it is in there");
        assert!(snippet.starts_with("… before ") && snippet.ends_with(" after …"), "{snippet}");
        assert!(snippet.contains("the kata of the day") && snippet.chars().count() < 190, "{snippet}");
        assert_eq!(around("Kata", |word| word == "kata").as_deref(), Some("Kata"));
        assert_eq!(
            around("前蹴り".repeat(90).as_str(), |word| word == "蹴り").map(|s| s.chars().count()),
            Some(123)
        );
        assert_eq!(around("nothing", |word| word == "kata"), None);
    }
}
