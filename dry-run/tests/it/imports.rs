//! Who may import whom. Of our own crates the table is exhaustive; of others it names what must stay out.
//! Dev-dependencies are exempt.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Each crate of ours: which of ours it may import, and which outside ones it never may.
const RULES: &[(&str, &[&str], &[&str])] = &[
    ("contract", &[], &["tokio", "futures-util", "axum", "hyper", "reqwest"]),
    ("engine", &[], &["http", "hyper", "reqwest", "axum", "tokio-tungstenite"]),
    ("fixtures", &["contract"], &["tokio", "futures-util", "axum", "hyper", "reqwest"]),
    ("seeder", &["contract", "fixtures"], &["axum"]),
    ("mock-server", &["contract", "fixtures"], &["reqwest", "tokio-tungstenite"]),
    ("loadgen", &["contract", "engine", "fixtures"], &["axum"]),
    ("dry-run", &["loadgen", "mock-server", "seeder"], &["axum", "hyper", "reqwest", "hdrhistogram"]),
];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// What a package is built from; build-dependencies count, dev-dependencies do not.
fn imports(package: &Value) -> BTreeSet<&str> {
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    dependencies
        .iter()
        .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
        .map(|dependency| dependency["name"].as_str().expect("a name"))
        .collect()
}

#[test]
fn every_crate_has_its_rule_and_every_rule_its_crate() {
    let packages = packages();
    let named: BTreeSet<&str> =
        packages.iter().map(|package| package["name"].as_str().expect("a name")).collect();
    let ruled: BTreeSet<&str> = RULES.iter().map(|rule| rule.0).collect();
    assert_eq!(named, ruled);
}

#[test]
fn nobody_imports_what_it_must_not() {
    let ours: BTreeSet<&str> = RULES.iter().map(|rule| rule.0).collect();
    let packages = packages();
    for (name, may, never) in RULES {
        let package = packages.iter().find(|package| package["name"] == *name).expect("a ruled crate");
        for import in imports(package) {
            assert!(!ours.contains(import) || may.contains(&import), "{name} must not import {import}");
            assert!(!never.contains(&import), "{name} must not import {import}");
        }
    }
}
