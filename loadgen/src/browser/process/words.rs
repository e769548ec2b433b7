//! What a browser says on its standard error, of which no more than the end is kept.

use tokio::{io::AsyncReadExt as _, process::ChildStderr};

/// Before the address, in a line of its own.
const LISTENING: &str = "DevTools listening on ";
/// Bytes kept.
const KEPT: usize = 16 * 1024;
/// Lines told of.
const LINES_TOLD: usize = 5;

#[derive(Debug)]
pub(super) struct Words {
    stderr: ChildStderr,
    said: Vec<u8>,
}

impl Words {
    pub(super) fn of(stderr: ChildStderr) -> Self {
        Self { stderr, said: Vec::new() }
    }

    /// Reads until it says where it listens; `None` when it ends before.
    pub(super) async fn address(&mut self) -> Option<String> {
        loop {
            if let Some(address) = address(&self.said) {
                return Some(address);
            }
            if self.stderr.read_buf(&mut self.said).await.ok()? == 0 {
                return None;
            }
            let too_many = self.said.len().saturating_sub(KEPT);
            self.said.drain(..too_many);
        }
    }

    /// Reads to the end and keeps nothing.
    pub(super) async fn pass_over(mut self) {
        drop(tokio::io::copy(&mut self.stderr, &mut tokio::io::sink()).await);
    }

    /// The last lines, as one.
    pub(super) fn last(&self) -> String {
        let text = String::from_utf8_lossy(&self.said);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return "nothing".to_owned();
        }
        lines[lines.len().saturating_sub(LINES_TOLD)..].join(" / ")
    }
}

/// The address in a whole line.
fn address(said: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(said);
    let whole = &text[..=text.rfind('\n')?];
    whole.lines().find_map(|line| line.strip_prefix(LISTENING)).map(|address| address.trim().to_owned())
}
