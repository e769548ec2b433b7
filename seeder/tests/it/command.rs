//! The `seed` command as a child process.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What came of a `seed` command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit code and that standard error holds every one of these words.
    #[track_caller]
    pub(crate) fn fails_with(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not said: {self:#?}");
        }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.stdout
    }

    /// Asserts that it succeeded and answers with its JSON.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.succeeds()).expect("JSON")
    }
}

/// The command with these arguments, none of this process's settings, nobody at the terminal, in a directory without a
/// settings file.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seed"));
    command.args(args).stdin(Stdio::null()).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    for setting in seeder::settings::KNOWN {
        command.env_remove(setting);
    }
    command
}

/// Runs it to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the seed command starts");
    Ran {
        code: status.code().expect("it ends by itself"),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// Runs `seed` with these arguments. Blocks: inside a runtime call it through [`seed_from_async`].
pub(crate) fn seed(args: &[&str]) -> Ran {
    finish(&mut command(args))
}

/// The same while this runtime serves what the command talks to.
pub(crate) async fn seed_from_async(args: &[&str]) -> Ran {
    finish_from_async(command(args)).await
}

/// Runs a command to its end while this runtime serves what it talks to.
pub(crate) async fn finish_from_async(mut command: Command) -> Ran {
    tokio::task::spawn_blocking(move || finish(&mut command)).await.expect("the command ran")
}
