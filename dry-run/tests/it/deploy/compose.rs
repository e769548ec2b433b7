//! What compose.yaml starts beside the load, and the files it hands to it.

use std::collections::BTreeSet;

use super::{path, read};

/// Names of all services: two spaces in, between `services:` and what comes after them.
fn services() -> BTreeSet<String> {
    let compose = read("compose.yaml");
    let (_, after) = compose.split_once("\nservices:\n").expect("services");
    let (services, _) = after.split_once("\nvolumes:\n").expect("volumes come last");
    let names = services.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    names.filter(|name| !name.starts_with([' ', '#'])).map(str::to_owned).collect()
}

#[test]
fn every_file_it_mounts_is_there() {
    let compose = read("compose.yaml");
    let mounted: Vec<&str> = compose.split("- ./deploy/").skip(1).collect();
    assert!(mounted.len() >= 4, "{mounted:?}");
    for mount in mounted {
        let name = format!("deploy/{}", mount.split(':').next().expect("the first"));
        assert!(path(&name).exists(), "{name} is mounted and not there");
    }
}

#[test]
fn it_publishes_on_loopback_alone_and_names_versions() {
    for line in read("compose.yaml").lines().map(str::trim) {
        if let Some(published) = line.strip_prefix("- \"").and_then(|line| line.strip_suffix('"')) {
            assert!(published.starts_with("127.0.0.1:"), "{line}");
        }
        if let Some((_, tag)) = line.strip_prefix("image: ").and_then(|image| image.split_once(':')) {
            assert!(tag != "latest" && tag.starts_with(|c: char| c.is_ascii_digit() || c == 'v'), "{line}");
        }
    }
}

/// Hosts that Prometheus, Grafana, the collector and the settings of `observe.env` speak to.
#[test]
fn whoever_is_spoken_to_is_a_service() {
    let services = services();
    assert!(services.contains("mock-server") && services.contains("prometheus"), "{services:?}");
    let files = [
        "deploy/prometheus/prometheus.yml",
        "deploy/grafana/provisioning/datasources/wwmaa.yml",
        "deploy/otel/collector.yaml",
        "deploy/observe.env",
    ];
    let mut spoken_to = BTreeSet::new();
    for file in files {
        let text = read(file);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        for word in lines.flat_map(|line| line.split([' ', '"', '=', '[', ']'])) {
            let word = word.trim_start_matches("http://");
            let Some((host, port)) = word.split_once(':') else { continue };
            if port.starts_with(|c: char| c.is_ascii_digit()) && !["localhost", "0.0.0.0"].contains(&host) {
                assert!(
                    services.contains(host),
                    "{file} speaks to `{word}`, which compose.yaml does not start"
                );
                spoken_to.insert(host.to_owned());
            }
        }
    }
    for watched in [
        "mock-server",
        "node-exporter",
        "otel",
        "postgres-exporter",
        "prometheus",
        "redis-exporter",
        "jaeger",
    ] {
        assert!(spoken_to.contains(watched), "nobody speaks to {watched}");
    }
}
