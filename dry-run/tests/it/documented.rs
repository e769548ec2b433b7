//! Every command that a document tells people to type is one its program accepts, and one that may go where it is said
//! to go.

mod commands;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use commands::{Language, Program, Typed, commands};

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// There were a few more when this was written: whoever finds none finds no mistake either.
const AT_LEAST: usize = 100;

/// Files that people read for commands.
fn documents() -> Vec<PathBuf> {
    let mut found = vec![Path::new(ROOT).join("README.md"), Path::new(ROOT).join("ARCHITECTURE.md")];
    found.push(Path::new(ROOT).join("compose.yaml"));
    let mut folders = vec![Path::new(ROOT).join("docs"), Path::new(ROOT).join("deploy")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|ending| ["md", "yml", "yaml"].iter().any(|it| *it == ending))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// All of them, with the file each is in.
fn all() -> Vec<(String, Typed)> {
    let root = Path::new(ROOT);
    let of = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(root).expect("it is in there").display().to_string();
        let markdown = path.extension().is_some_and(|ending| ending == "md");
        let language = if markdown { Language::Markdown } else { Language::Yaml };
        commands(&text, language).into_iter().map(move |typed| (name.clone(), typed))
    };
    documents().into_iter().flat_map(of).collect()
}

fn understood(typed: &Typed) -> Result<(), String> {
    // A verb alone is a name for what it does: it exists.
    let is_name = typed.args.len() == 1 && !typed.args[0].starts_with('-');
    let help = is_name.then(|| OsString::from("--help"));
    let args = typed.args.iter().map(OsString::from).chain(help);
    match typed.program {
        Program::Loadgen => loadgen::cli::understands(std::iter::once("loadgen".into()).chain(args)),
        Program::Seed => seeder::cli::understands(std::iter::once("seed".into()).chain(args)),
        Program::MockServer => {
            mock_server::cli::understands(std::iter::once("mock-server".into()).chain(args))
        }
        Program::DryRun => rehearsal_understands(args),
    }
}

/// A program, not a library: it is asked for help, which it only gives to what it accepts before that.
fn rehearsal_understands(args: impl Iterator<Item = OsString>) -> Result<(), String> {
    let asked = Command::new(env!("CARGO_BIN_EXE_dry-run")).args(args).arg("--help").output();
    let asked = asked.expect("it starts");
    if asked.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&asked.stderr).into_owned()) }
}

#[test]
fn every_command_is_accepted_by_its_program() {
    let all = all();
    assert!(all.len() >= AT_LEAST, "only {} commands were found", all.len());
    for program in [Program::Loadgen, Program::Seed, Program::MockServer, Program::DryRun] {
        assert!(all.iter().any(|(_, typed)| typed.program == program), "none of {program:?} was found");
    }
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|(file, typed)| understood(typed).err().map(|why| format!("{file}: {typed}\n{why}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Load leaves this machine only with `--confirm`, and a probe of a store says nothing of a mock, which has none.
#[test]
fn load_may_go_where_a_command_sends_it() {
    for (file, typed) in all().iter().filter(|(_, typed)| typed.program == Program::Loadgen) {
        let verb = typed.args.first().map(String::as_str);
        if !matches!(verb, Some("run" | "limit" | "preflight")) {
            continue;
        }
        let has = |flag: &str| typed.args.iter().any(|arg| arg == flag);
        let target = typed.value("--target");
        if target == Some("staging") {
            assert!(has("--confirm"), "{file}: refused without --confirm: {typed}");
        }
        if has("--probe-postgres") || has("--probe-redis") {
            let beside_a_mock = target.is_none_or(|target| target == "mock");
            assert!(!beside_a_mock, "{file}: what is probed is not what is loaded: {typed}");
        }
    }
}

#[test]
fn the_seeder_is_told_where() {
    for (file, typed) in all().iter().filter(|(_, typed)| typed.program == Program::Seed) {
        // The world alone can be counted, and a verb alone is a name.
        let counts = typed.args[0] == "plan" || typed.args.len() == 1;
        let told = typed.args.iter().any(|arg| arg.starts_with("--environment"));
        assert!(counts || told, "{file}: {typed}");
    }
}
