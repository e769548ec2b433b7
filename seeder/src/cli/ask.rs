//! Questions to a person.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use crate::error::SeedError;

/// Asks before something is removed. Where nobody can answer, `--yes` must have been typed.
pub(super) async fn whether(question: &str, yes: bool) -> Result<(), SeedError> {
    if yes {
        return Ok(());
    }
    let Some(answer) = answer(format!("{question} [y/N] ")).await else {
        return Err(SeedError::Setting(format!(
            "{question} Nobody is here to answer: say --yes. Nothing was written."
        )));
    };
    if ["y", "yes"].contains(&answer.to_lowercase().as_str()) {
        return Ok(());
    }
    Err(SeedError::Setting("the answer was no. Nothing was written.".to_owned()))
}

/// What a person types; none when nobody is at the terminal. Waits beside the runtime, so that Ctrl-C is heard.
pub(super) async fn answer(prompt: String) -> Option<String> {
    if !stdin().is_terminal() {
        return None;
    }
    let asked = tokio::task::spawn_blocking(move || {
        eprint!("{prompt}");
        stderr().flush().ok()?;
        let mut line = String::new();
        stdin().read_line(&mut line).ok()?;
        Some(line.trim().to_owned())
    });
    asked.await.ok().flatten()
}
