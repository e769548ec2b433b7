//! Text of somebody else's in Markdown: what a target, a file or a person wrote stays text, in its place.

use crate::report::one_line;

/// In a line of its own: it stays in that line, and no tag, link or picture of it works.
pub(crate) fn plain(text: &str) -> String {
    // A backslash would take away what the next sign is told to be; with a space behind it, `<` begins nothing.
    let text = one_line(text).replace('\\', "&#92;").replace('<', "&lt;").replace('[', "&#91;");
    text.replace("&lt; ", "< ")
}

/// Inside a table's cell.
pub(crate) fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// Inside a code span.
pub(crate) fn code(text: &str) -> String {
    one_line(text).replace('`', "'")
}

/// As a code span of its own inside a table's cell.
pub(crate) fn code_cell(text: &str) -> String {
    // A cell ends at a bar after two backslashes, and in a code span nothing else can be written for either of them.
    if text.contains("\\|") {
        return format!(
            "<code>{}</code>",
            plain(&text.replace('&', "&amp;")).replace('`', "&#96;").replace('|', "&#124;")
        );
    }
    format!("`{}`", code(text).replace('|', "\\|"))
}

/// A link inside a table's cell to a file beside this one; text alone where its name would not stay in the link.
pub(crate) fn link_cell(text: &str, to: &str) -> String {
    let simple = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if to.chars().all(simple) { format!("[{}]({to})", cell(text)) } else { cell(text) }
}

#[cfg(test)]
mod tests;
