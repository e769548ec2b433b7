//! Worlds kept from one start to the next: their rows, in the form datasets come in.
//!
//! A directory holds `worlds.json`, which names one file of lines per world with the digests of its rows. Files
//! are new ones each time and `worlds.json` is renamed into place last, so whenever the power goes there is a
//! whole snapshot: the last or the one before. One process at a time has the directory. What is not in the rows is not kept: tokens, accounts registered
//! since, chats, the books of webhooks and of bookings refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fixtures::digest::Digester;
use fixtures::ndjson::{self, Reader};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::mock::Mock;
use crate::sync::lock;

/// Version of this form.
const FORMAT_VERSION: u32 = 1;
/// The file that names the others.
const MANIFEST: &str = "worlds.json";
/// The file whose lock the process holds that keeps its worlds here.
const LOCK: &str = "mock-server.lock";

/// Why worlds cannot be kept or brought back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another process keeps its worlds there.
    #[error("{}: another mock keeps its worlds here: end it first, or use another --data-dir", dir.display())]
    Taken { dir: PathBuf },
    /// What is there is no snapshot of ours.
    #[error("{}: {message}", path.display())]
    Unreadable { path: PathBuf, message: String },
}

/// What `worlds.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format_version: u32,
    /// Counts snapshots; part of the names of their files.
    generation: u64,
    worlds: Vec<Kept>,
}

/// A world that was kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    file: String,
    digests: BTreeMap<String, String>,
}

/// The directory worlds are kept in.
#[derive(Debug)]
pub(crate) struct Vault {
    dir: PathBuf,
    /// The last generation; held while one is written.
    generation: Mutex<u64>,
    /// Locked, so that no two processes keep their worlds over each other's.
    lock: File,
}

impl Vault {
    /// Opens the directory, makes it where there is none, takes it for this process, and reads the worlds in it.
    pub(crate) fn open(dir: &Path) -> Result<(Self, Vec<(String, Dataset)>), SnapshotError> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let lock = taken(dir)?;
        let list = dir.join(MANIFEST);
        let manifest = manifest(&list)?;
        if manifest.worlds.len() > crate::worlds::MOST {
            let message = format!("it names more than {} worlds", crate::worlds::MOST);
            return Err(SnapshotError::Unreadable { path: list, message });
        }
        let worlds = manifest.worlds.iter().map(|kept| Ok((kept.name.clone(), read(dir, kept)?)));
        let worlds = worlds.collect::<Result<_, SnapshotError>>()?;
        Ok((Self { dir: dir.to_owned(), generation: Mutex::new(manifest.generation), lock }, worlds))
    }

    /// Lets another process have the directory.
    pub(crate) fn release(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!("{}: it stays locked until the process ends: {error}", self.dir.display());
        }
    }

    /// Keeps these worlds in place of the ones before.
    pub(crate) fn keep<'a>(
        &self,
        worlds: impl IntoIterator<Item = (&'a str, &'a Mock)>,
    ) -> Result<(), SnapshotError> {
        let mut last = lock(&self.generation);
        let generation = *last + 1;
        let worlds = worlds.into_iter().map(|(name, mock)| self.write(generation, name, mock));
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            generation,
            worlds: worlds.collect::<Result<_, _>>()?,
        };
        let text = serde_json::to_vec_pretty(&manifest).expect("it serialises: string keys");
        let path = self.dir.join(MANIFEST);
        let fresh = path.with_extension("json.new");
        durably(&fresh, |out| out.write_all(&text)).map_err(at(&fresh))?;
        fs::rename(&fresh, &path).map_err(at(&path))?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(at(&self.dir))?;
        *last = generation;
        // They are kept by now; what is in the way of the next ones is found then.
        if let Err(error) = self.tidy(&manifest) {
            tracing::warn!("{}: files of an earlier snapshot stay: {error}", self.dir.display());
        }
        Ok(())
    }

    /// Writes a world's rows into a file of this generation.
    fn write(&self, generation: u64, name: &str, mock: &Mock) -> Result<Kept, SnapshotError> {
        let mut dataset = Dataset::default();
        mock.rows(&mut |record| dataset.push(record));
        let file = format!("{name}.{generation}.ndjson");
        let path = self.dir.join(&file);
        let mut digester = Digester::new();
        let written = durably(&path, |out| {
            dataset.into_records(mock.header_now()).try_for_each(|record| {
                digester.add(&record);
                writeln!(out, "{}", ndjson::line(&record))
            })
        });
        written.map_err(at(&path))?;
        Ok(Kept { name: name.to_owned(), file, digests: named(digester) })
    }

    /// Takes away the files of earlier generations, and what a crash left of one.
    fn tidy(&self, manifest: &Manifest) -> io::Result<()> {
        let kept: BTreeSet<&str> = manifest.worlds.iter().map(|kept| kept.file.as_str()).collect();
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if is_ours(&name) && !kept.contains(&*name) {
                fs::remove_file(self.dir.join(&*name))?;
            }
        }
        Ok(())
    }
}

/// The lock of this directory, which ends with the process however that ends.
fn taken(dir: &Path) -> Result<File, SnapshotError> {
    let path = dir.join(LOCK);
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(SnapshotError::Taken { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(SnapshotError::Io { path, source }),
    }
}

/// Whether a file has a name that only this module gives: `WORLD.GENERATION.ndjson`.
fn is_ours(file: &str) -> bool {
    let parts: Vec<&str> = file.split('.').collect();
    matches!(parts[..], [world, generation, "ndjson"]
        if crate::worlds::is_name(world) && generation.parse::<u64>().is_ok())
}

/// Writes a file and has the disk confirm it.
fn durably(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// What `worlds.json` says; nothing kept yet when there is none.
fn manifest(path: &Path) -> Result<Manifest, SnapshotError> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Manifest { format_version: FORMAT_VERSION, generation: 0, worlds: Vec::new() });
        }
        read => read.map_err(at(path))?,
    };
    let unreadable = |message| SnapshotError::Unreadable { path: path.to_owned(), message };
    let no_snapshot = |error: serde_json::Error| unreadable(format!("this is no list of worlds: {error}"));
    // Another version may say everything else differently.
    let Version { format_version } = serde_json::from_slice(&text).map_err(no_snapshot)?;
    if format_version != FORMAT_VERSION {
        return Err(unreadable(format!(
            "it has format {format_version}, this mock-server reads {FORMAT_VERSION}: use the one that wrote it, \
             or another --data-dir"
        )));
    }
    serde_json::from_slice(&text).map_err(no_snapshot)
}

/// Reads a world's rows, which must be the ones that were written.
fn read(dir: &Path, kept: &Kept) -> Result<Dataset, SnapshotError> {
    let path = dir.join(&kept.file);
    let unreadable = |message: String| SnapshotError::Unreadable { path: path.clone(), message };
    if !is_ours(&kept.file) || !crate::worlds::is_name(&kept.name) {
        return Err(unreadable(format!("no world `{}` is kept under this name", kept.name)));
    }
    let (mut reader, mut digester, mut dataset) = (Reader::new(), Digester::new(), Dataset::default());
    for line in BufReader::new(File::open(&path).map_err(at(&path))?).lines() {
        let record = reader.line(&line.map_err(at(&path))?).map_err(|error| unreadable(error.to_string()))?;
        if let Some(record) = record {
            digester.add(&record);
            dataset.push(record);
        }
    }
    reader.finish().map_err(|error| unreadable(error.to_string()))?;
    if named(digester) != kept.digests {
        return Err(unreadable("its rows are not the ones that were written".to_owned()));
    }
    Ok(dataset)
}

fn named(digester: Digester) -> BTreeMap<String, String> {
    digester.finish().into_iter().map(|(kind, digest)| (kind.to_owned(), digest)).collect()
}

/// Says where it was that the system refused.
fn at(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |source| SnapshotError::Io { path, source }
}
