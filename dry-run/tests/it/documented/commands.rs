//! The commands in a text: in blocks of code and between backticks in Markdown, in lines and comments of YAML.

use std::fmt;

/// Whose command it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Loadgen,
    Seed,
    MockServer,
    DryRun,
}

/// A command, as it is to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) program: Program,
    pub(super) args: Vec<String>,
}

impl Typed {
    /// What follows this flag.
    pub(super) fn value(&self, flag: &str) -> Option<&str> {
        let mut rest = self.args.iter().skip_while(|arg| *arg != flag);
        rest.next().and_then(|_| rest.next()).map(String::as_str)
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.program, self.args.join(" "))
    }
}

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Markdown,
    Yaml,
}

/// All commands in a text. A program's bare name is none.
pub(super) fn commands(text: &str, language: Language) -> Vec<Typed> {
    let lines = joined(&match language {
        Language::Markdown => typed_blocks(text),
        Language::Yaml => text.to_owned(),
    });
    let of_lines = lines.iter().filter_map(|line| command(line));
    let spans = spans(text);
    let of_spans = spans.iter().filter_map(|span| command(span));
    of_lines.chain(of_spans).collect()
}

/// What is in blocks for a shell.
fn typed_blocks(text: &str) -> String {
    let mut inside = false;
    let mut typed = String::new();
    for line in text.lines() {
        match line.trim().strip_prefix("```") {
            Some(language) => inside = ["console", "sh"].contains(&language),
            None if inside => typed.extend([line, "\n"]),
            None => {}
        }
    }
    typed
}

/// Lines, those that end in `\` with the next.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let line = line.trim();
        let (line, more) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(line),
            None => lines.push(line.to_owned()),
        }
        goes_on = more;
    }
    lines
}

/// What stands between backticks outside of blocks of code; a line's end in it is a space.
fn spans(text: &str) -> Vec<String> {
    let mut in_block = false;
    let mut prose = String::new();
    for line in text.lines() {
        let line = line.trim();
        let fence = line.starts_with("```");
        in_block ^= fence;
        if !fence && !in_block {
            // In YAML, prose is comments.
            prose.push_str(line.trim_start_matches("# "));
            prose.push(' ');
        }
        if line.is_empty() || fence {
            // A backtick that is alone spoils its own paragraph only.
            prose.push('\n');
        }
    }
    let of = |paragraph: &str| paragraph.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    prose.lines().flat_map(of).collect()
}

/// The command in this line, if it is one of ours.
fn command(line: &str) -> Option<Typed> {
    let line = line.trim_start_matches("$ ").trim_start_matches("# ");
    // What a shell would put there, and what follows the command.
    let line = line.replace("\"$PRESET\"", "quick").replace("${SENTRY_DSN:+--sentry}", "--sentry");
    let end = [" #", " |", " >", " ||", ";", " &&"].iter().filter_map(|mark| line.find(mark)).min();
    let mut words =
        line[..end.unwrap_or(line.len())].split_whitespace().map(|word| word.replace(['"', '\''], ""));
    let mut first = words.by_ref().find(|word| !is_assignment(word))?;
    if first == "docker" {
        first = words.by_ref().skip_while(|word| word != "--rm").nth(1)?;
    } else if first == "cargo" {
        first = words.next()?;
        if first == "mock" {
            "mock-server".clone_into(&mut first);
        }
    }
    let program = match first.as_str() {
        "loadgen" => Program::Loadgen,
        "seed" => Program::Seed,
        "mock-server" => Program::MockServer,
        "dry-run" => Program::DryRun,
        _ => return None,
    };
    let args: Vec<String> = words.collect();
    (!args.is_empty()).then_some(Typed { program, args })
}

/// `NAME=value`, before a command.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

#[test]
fn they_are_found_wherever_they_are_written() {
    let text = "\
Say `seed plan` or `loadgen compare BEFORE
AFTER`; `loadgen` alone is a name, and so is `--preset`.

```console
$ TOKEN=x MORE=y \\
    cargo loadgen run --preset quick   # for a start
$ cargo mock --profile healthy
$ cargo bench -p loadgen
$ loadgen targets show mock > mine.toml
```

```toml
seed = 7
```
seed and number are words of a sentence.
";
    let found: Vec<String> = commands(text, Language::Markdown).iter().map(Typed::to_string).collect();
    let expected = [
        "Loadgen run --preset quick",
        "MockServer --profile healthy",
        "Loadgen targets show mock",
        "Seed plan",
        "Loadgen compare BEFORE AFTER",
    ];
    assert_eq!(found, expected);
    let text = "\
# Say `loadgen list`:
#   docker compose run --rm loadgen run --preset smoke
          dry-run --preset \"$PRESET\" --plain || code=$?
";
    let found: Vec<String> = commands(text, Language::Yaml).iter().map(Typed::to_string).collect();
    assert_eq!(found, ["Loadgen run --preset smoke", "DryRun --preset quick --plain", "Loadgen list"]);
    let typed = &commands("`loadgen run --target staging --confirm HOST`", Language::Markdown)[0];
    assert_eq!((typed.value("--target"), typed.value("--confirm")), (Some("staging"), Some("HOST")));
    assert_eq!((typed.value("--seed"), typed.value("HOST")), (None, None));
}
