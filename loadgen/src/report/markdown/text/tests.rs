use proptest::prelude::*;

use super::{cell, code, code_cell, link_cell, plain};

/// The cells of a table's row as GitHub cuts them: a bar ends one unless a backslash that is not itself escaped is before it.
fn cut(row: &str) -> Vec<String> {
    let (mut cells, mut escaped) = (vec![String::new()], false);
    for letter in row.chars() {
        if letter == '|' && !escaped {
            cells.push(String::new());
        } else {
            cells.last_mut().expect("there is one").push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    cells
}

#[test]
fn no_tag_link_or_picture_of_somebody_elses_works() {
    assert_eq!(
        plain("<img src=x> [a](javascript:b) ![](http://c)\nd"),
        "&lt;img src=x> &#91;a](javascript:b) !&#91;](http://c) d"
    );
    assert_eq!(plain("p95 < 1 200 ms <"), "p95 < 1 200 ms &lt;");
    assert_eq!(cell("a\\|b"), "a&#92;\\|b");
    assert_eq!(code("`a`\r\nb"), "'a'  b");
    assert_eq!(code_cell("a|b"), "`a\\|b`");
    assert_eq!(code_cell("a\\|b <c> `d` &lt;"), "<code>a&#92;&#124;b &lt;c> &#96;d&#96; &amp;lt;</code>");
    assert_eq!(link_cell("a_1", "runs/a_1"), "[a_1](runs/a_1)");
    assert_eq!(link_cell("a](b)|", "a](b)|"), "a](b)\\|");
}

proptest! {
    #[test]
    fn whatever_is_in_a_cell_stays_in_it(text in "[a-c<>\\[\\]()!&|`\\\\\n\r ]{0,24}") {
        for written in [cell(&text), code_cell(&text), link_cell(&text, &text)] {
            prop_assert_eq!(cut(&format!("| {written} | x |")).len(), 4, "{}", written);
            prop_assert!(!written.contains(['\n', '\r']));
        }
        let shown = cell(&text);
        prop_assert!(!shown.replace("< ", "").contains(['<', '[']) && !code(&text).contains('`'));
        // Nothing of it is lost: undone, it is the same line again.
        let undone = shown.replace("\\|", "|").replace("&#91;", "[").replace("&lt;", "<").replace("&#92;", "\\");
        prop_assert_eq!(undone, text.replace(['\n', '\r'], " "));
    }
}
