//! The `seed` command as a child process.

use std::process::{Command, Output};

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
}

/// Runs `seed` with these arguments and none of this process's settings. Blocks: inside a runtime call it
/// through [`seed_from_async`].
pub(crate) fn seed(args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_seed"))
        .args(args)
        .env_remove("MOCK_URL")
        .env_remove("MOCK_ADMIN_TOKEN")
        .output()
        .expect("the seed command starts");
    Ran {
        code: status.code().expect("it ends by itself"),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// The same while this runtime serves what the command talks to.
pub(crate) async fn seed_from_async(args: &[&str]) -> Ran {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    tokio::task::spawn_blocking(move || seed(&args.iter().map(String::as_str).collect::<Vec<_>>()))
        .await
        .expect("the command ran")
}
