//! Conditions as Postgres prints them in a plan, as far as an index on plain columns could serve them.

/// How a condition asks of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It has one value, or one of a few.
    Equal,
    /// It lies beyond a value.
    Range,
}

/// A column, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Its name.
    pub(super) column: String,
    /// How.
    pub(super) how: How,
    /// Whether it is cast to text first: which changes nothing for a `varchar`, and keeps an index of another type away.
    pub(super) as_text: bool,
}

/// The columns of the relation called `alias` that a condition asks of, each once. Whatever is not a comparison of one
/// plain column with something else is passed over, and so is everything beside an OR.
pub(super) fn columns(condition: &str, alias: &str) -> Vec<Asked> {
    let mut columns: Vec<Asked> = Vec::new();
    let all = conjuncts(condition);
    for asked in all.iter().filter_map(|one| comparison(one, alias)) {
        match columns.iter_mut().find(|known| known.column == asked.column) {
            Some(known) if asked.how == How::Equal => *known = asked,
            Some(_) => {}
            None => columns.push(asked),
        }
    }
    columns
}

/// Whether [`columns`] says all that a condition asks, so that nothing was passed over.
pub(super) fn is_whole(condition: &str, alias: &str) -> bool {
    conjuncts(condition).into_iter().all(|one| comparison(one, alias).is_some())
}

/// The plain column of the relation called `alias` that a text names, and whether it is cast to text.
pub(super) fn column(text: &str, alias: &str) -> Option<(String, bool)> {
    let text = bare(text);
    let (text, as_text) = match last_at_top(text, "::text").filter(|at| at + "::text".len() == text.len()) {
        Some(at) => (bare(&text[..at]), true),
        None => (text, false),
    };
    Some((identifier(without_alias(text, alias))?, as_text))
}

/// Without the relation a column is of, whose name a condition has quoted where it must be; a plan has it bare.
fn without_alias<'t>(text: &'t str, alias: &str) -> &'t str {
    let quoted = format!("\"{}\"", alias.replace('"', "\"\""));
    let of_it = |name: &str| text.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
    of_it(alias).or_else(|| of_it(&quoted)).unwrap_or(text)
}

fn identifier(text: &str) -> Option<String> {
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        // One that ends in between is of two names: a relation's and a column's.
        let is_one = !quoted.replace("\"\"", "").contains('"');
        return is_one.then(|| quoted.replace("\"\"", "\""));
    }
    let first = text.chars().next()?;
    let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    ((first.is_alphabetic() || first == '_') && text.chars().all(fits)).then(|| text.to_owned())
}

/// The parts of a condition that must all hold.
fn conjuncts(condition: &str) -> Vec<&str> {
    let mut rest = bare(condition);
    let mut parts = Vec::new();
    if first_at_top(rest, " OR ").is_some() {
        // None of them must hold by itself.
        return vec![rest];
    }
    while let Some(at) = first_at_top(rest, " AND ") {
        parts.extend(conjuncts(&rest[..at]));
        rest = &rest[at + " AND ".len()..];
    }
    parts.push(bare(rest));
    parts
}

/// `column OPERATOR something`, either way round.
fn comparison(condition: &str, alias: &str) -> Option<Asked> {
    if first_at_top(condition, " OR ").is_some() {
        return None;
    }
    if let Some(of) = condition.strip_suffix(" IS NULL") {
        let (column, as_text) = column(of, alias)?;
        return Some(Asked { column, how: How::Equal, as_text });
    }
    let operators = [
        (" = ", How::Equal),
        (" >= ", How::Range),
        (" <= ", How::Range),
        (" > ", How::Range),
        (" < ", How::Range),
    ];
    let (at, operator, how) = operators
        .iter()
        .find_map(|(operator, how)| Some((first_at_top(condition, operator)?, *operator, *how)))?;
    let (left, right) = (&condition[..at], &condition[at + operator.len()..]);
    // A column held against another of the same row is served by no index.
    match (named(left, alias), named(right, alias)) {
        (Some((column, as_text)), None) | (None, Some((column, as_text))) => {
            Some(Asked { column, how, as_text })
        }
        _ => None,
    }
}

/// Like [`column`], except that a parameter, a literal or a word of SQL's own is none.
fn named(text: &str, alias: &str) -> Option<(String, bool)> {
    let words = ["true", "false", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_USER"];
    column(text, alias).filter(|(name, _)| !words.contains(&name.as_str()))
}

/// Without white space and parentheses that are around all of it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while text.starts_with('(') && closing(text) == Some(text.len() - 1) {
        text = text[1..text.len() - 1].trim();
    }
    text
}

/// Where the parenthesis closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    walk(text).find(|(_, byte, depth)| *byte == b')' && *depth == 0).map(|(at, ..)| at)
}

fn first_at_top(text: &str, wanted: &str) -> Option<usize> {
    at_top(text, wanted).next()
}

fn last_at_top(text: &str, wanted: &str) -> Option<usize> {
    at_top(text, wanted).last()
}

/// Where something stands outside of quotation marks and parentheses.
fn at_top<'t>(text: &'t str, wanted: &'t str) -> impl Iterator<Item = usize> + 't {
    let first = wanted.as_bytes()[0];
    walk(text)
        .filter(move |(at, byte, depth)| *depth == 0 && *byte == first && text[*at..].starts_with(wanted))
        .map(|(at, ..)| at)
}

/// Every byte outside of quotation marks, with how many parentheses are open after it.
fn walk(text: &str) -> impl Iterator<Item = (usize, u8, i32)> {
    let (mut depth, mut quote) = (0, None);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        match (quote, byte) {
            (Some(open), _) => {
                if open == byte {
                    quote = None;
                }
                return None;
            }
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                return None;
            }
            (None, b'(' | b'[') => depth += 1,
            (None, b')' | b']') => depth -= 1,
            _ => {}
        }
        Some((at, byte, depth))
    })
}

#[cfg(test)]
mod tests;
