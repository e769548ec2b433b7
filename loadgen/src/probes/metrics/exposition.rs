//! Metrics as text: Prometheus' format 0.0.4 and OpenMetrics, as far as samples go. Comments, time stamps and exemplars
//! are passed over.

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// `process_open_fds`.
    pub(super) name: String,
    /// Its labels, in the order they were given.
    pub(super) labels: Vec<(String, String)>,
    /// Its value.
    pub(super) value: f64,
}

impl Sample {
    /// The value of a label.
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The samples of a page, and how many lines were none.
pub(super) fn parse(text: &str) -> (Vec<Sample>, usize) {
    let mut strange = 0;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let samples = lines.filter_map(|line| {
        let sample = sample(line);
        strange += usize::from(sample.is_none());
        sample
    });
    (samples.collect(), strange)
}

fn sample(line: &str) -> Option<Sample> {
    let ends = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(ends);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = number(rest.split_ascii_whitespace().next()?)?;
    is_name(name).then(|| Sample { name: name.to_owned(), labels, value })
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    !name.is_empty() && name.bytes().all(fits) && !name.as_bytes()[0].is_ascii_digit()
}

fn number(text: &str) -> Option<f64> {
    // Rust reads `NaN`, `inf` and `+Inf` as the formats write them.
    text.parse().ok()
}

/// Labels, and what follows their closing brace.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        labels.push((name.trim().to_owned(), value));
        rest = after;
    }
}

/// What stands before the closing quotation mark, and what after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests;
