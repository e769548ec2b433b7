//! A database on a disk that is nearly full.

use std::path::PathBuf;

use crate::servers::{Database, provided};

/// Bytes left free on the disk: enough for an empty database and some chunks, not for launch day's world.
const FREE: u64 = 24 * 1024 * 1024;

/// A database whose tables lie in a tablespace on the small file system that `./test` mounts.
pub(crate) struct FullDisk {
    pub(crate) database: Database,
    ballast: PathBuf,
}

impl FullDisk {
    /// Fills the disk with a ballast.
    pub(crate) async fn new() -> Self {
        let disk = PathBuf::from(provided("TEST_SMALL_DISK"));
        let database = Database::in_tablespace(&disk.join("tablespace")).await;
        let ballast = disk.join("ballast");
        let room =
            free(&disk).checked_sub(FREE).expect("the small disk is larger than what is left free on it");
        std::fs::write(&ballast, vec![0; usize::try_from(room).expect("it is small")])
            .expect("the ballast fits");
        Self { database, ballast }
    }

    /// Takes the ballast away.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(&self.ballast).expect("the ballast was there");
    }
}

/// Free bytes of the file system at this path, as `df` says.
fn free(path: &std::path::Path) -> u64 {
    let output = std::process::Command::new("df")
        .args(["--output=avail", "--block-size=1"])
        .arg(path)
        .output()
        .expect("df runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("df says how much is free")
}
