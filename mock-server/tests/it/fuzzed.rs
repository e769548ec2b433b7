//! The fuzzer's targets, with its corpus and some changes to it: what `fuzz/` does for hours, for a second or two.

use std::cell::RefCell;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

#[expect(unreachable_pub, reason = "for the fuzzer it is a library")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use targets::mock::Mock;
use targets::{dataset, description, frames, profile, requests, signature};

/// The inputs a target begins with, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(directory).expect("a corpus");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("a readable input")).collect()
}

/// A stretch of an input, put in the place of another.
type Splice = (Index, Index, Vec<u8>);

fn spliced(mut input: Vec<u8>, splices: &[Splice]) -> Vec<u8> {
    for (start, length, bytes) in splices {
        let start = start.index(input.len() + 1);
        let end = start + length.index(16).min(input.len() - start);
        input.splice(start..end, bytes.iter().copied());
    }
    input
}

/// Checks the corpus as it is, then `changed` inputs made of it.
fn try_target(target: &str, changed: u32, check: impl Fn(&[u8])) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no corpus of {target}");
    for input in &corpus {
        check(input);
    }
    let inputs = (select(corpus), vec((any::<Index>(), any::<Index>(), vec(any::<u8>(), 0..8)), 1..4))
        .prop_map(|(input, splices)| spliced(input, &splices));
    let mut runner =
        TestRunner::new(Config { cases: changed, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&inputs, |input| {
        check(&input);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{target}: {failure}");
    }
}

/// The same for a target that asks a mock.
fn try_mock(target: &str, changed: u32, check: impl Fn(&Mock, &[u8])) {
    let mock = RefCell::new(Mock::start());
    try_target(target, changed, |input| {
        mock.borrow_mut().renew_when_worn();
        check(&mock.borrow(), input);
    });
}

#[test]
fn signatures() {
    try_target("signature", 500, signature::check);
}

#[test]
fn datasets() {
    try_target("dataset", 200, dataset::check);
}

#[test]
fn profiles() {
    try_target("profile", 200, profile::check);
}

#[test]
fn whole_requests() {
    try_mock("requests", 1_000, requests::check);
}

#[test]
fn frames_of_a_socket() {
    try_mock("frames", 300, frames::check);
}

#[test]
fn session_descriptions() {
    try_mock("description", 300, description::check);
}
