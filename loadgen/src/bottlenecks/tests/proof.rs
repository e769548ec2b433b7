//! The commands that prove a change are taken by the command line as it is.

use super::catalogue::ailing_run;
use crate::{
    bottlenecks::find,
    cli,
    run::{Run, SourceKind},
    target::Asked,
};

/// The commands of every recommendation, and what is said beside them.
fn commands(run: &Run) -> (Vec<String>, Vec<String>) {
    let all = find(run).recommendations;
    let lines = all.iter().flat_map(|it| it.proof.lines().map(str::to_owned));
    let (comments, commands): (Vec<String>, Vec<String>) = lines.partition(|line| line.starts_with("# "));
    assert!(commands.len() >= 20, "{commands:?}");
    for command in &commands {
        if let Err(why) = cli::understood(command.split_whitespace()) {
            panic!("`{command}`: {why}");
        }
    }
    (commands, comments)
}

/// What was typed behind a flag.
fn typed<'a>(command: &'a str, flag: &str) -> Option<&'a str> {
    let mut words = command.split_whitespace();
    words.find(|word| *word == flag)?;
    words.next()
}

#[test]
fn a_target_elsewhere_is_confirmed_by_the_host_that_it_has() {
    let mut run = ailing_run();
    run.meta.origin = "https://api-staging.wwmaa.com".into();
    let (commands, _) = commands(&run);
    for again in commands.iter().filter(|command| command.starts_with("loadgen run ")) {
        let target = typed(again, "--target").expect("it has a target");
        let asked = Asked::read(target).expect("it can be typed");
        assert_eq!(typed(again, "--confirm"), Some(asked.host()), "{again}");
        assert!(again.contains(" --probe-postgres --probe-redis"), "{again}");
    }
}

#[test]
fn this_machine_is_not_confirmed_and_its_mocks_own_page_not_named() {
    let mut run = ailing_run();
    run.meta.target = "mock".into();
    run.meta.origin = "http://127.0.0.1:8089".into();
    run.meta.environment = "mock (wwmaa-mock 0.1.0)".into();
    for source in &mut run.evidence.as_mut().expect("it was read").sources {
        source.every_ms = 1_000;
        if source.kind == SourceKind::Metrics {
            source.name = "http://127.0.0.1:8089/metrics".into();
        }
    }
    let (commands, comments) = commands(&run);
    assert_eq!(comments, Vec::<String>::new());
    let again = commands.iter().find(|command| command.contains("--scenario search-load")).expect("one is");
    for absent in ["--confirm", "--probe-metrics", "--probe-every"] {
        assert!(!again.contains(absent), "{again}");
    }
}

#[test]
fn pages_are_named_where_the_run_knows_their_address() {
    let mut run = ailing_run();
    let sources = &mut run.evidence.as_mut().expect("it was read").sources;
    let page = sources[0].clone();
    sources[0].name = "http://127.0.0.1:9100/metrics".into();
    let mut prometheus = page.clone();
    (prometheus.kind, prometheus.name) =
        (SourceKind::Prometheus, "prometheus at http://127.0.0.1:9090/".into());
    let mut labelled = page;
    labelled.name = "the platform".into();
    sources.extend([prometheus, labelled]);
    let (commands, comments) = commands(&run);
    assert_eq!(typed(&commands[0], "--probe-metrics"), Some("http://127.0.0.1:9100/metrics"));
    assert_eq!(typed(&commands[0], "--probe-prometheus"), Some("http://127.0.0.1:9090/"));
    assert_eq!(comments[0], "# add --probe-metrics with the address of `the platform`");
}

#[test]
fn what_was_unusual_of_the_run_is_typed_again() {
    let mut run = ailing_run();
    run.meta.target = "our-own".into();
    (run.meta.world_seed, run.meta.time_scale, run.meta.machine.processes) = (7, 0.5, 3);
    let (commands, comments) = commands(&run);
    assert_eq!(typed(&commands[0], "--target"), Some("our-own.toml"));
    assert_eq!(typed(&commands[0], "--world-seed"), Some("7"));
    assert_eq!(typed(&commands[0], "--time-scale"), Some("0.5"));
    assert_eq!(typed(&commands[0], "--processes"), Some("3"));
    assert_eq!(comments[0], "# our-own.toml stands for the file of the profile `our-own`");
}
