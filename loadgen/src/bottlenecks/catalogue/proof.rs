//! The commands that show whether a change helped: the run again, as it was made as far as it tells, and both beside each
//! other. What a run does not tell (addresses that have a label, where a profile's file lies) stands behind them as a
//! comment: where lines are run together, it hides no command.

use fixtures::targets;

use crate::{
    browser::Throttle,
    probes,
    run::{Measured, Meta, Run, Source, SourceKind},
    safety,
};

/// The commands, a line each. `scenarios` are those that show it; all that ran where there are none.
pub(super) fn commands(run: &Run, scenarios: &[String]) -> String {
    let mut again = Command::new("loadgen run");
    let chosen = chosen(run, scenarios);
    again.target(&run.meta);
    again.rehearsal(&run.meta, &chosen);
    again.browsers(&chosen);
    again.probes(run);
    let compare = format!("loadgen compare results/{} results/run_AFTER", run.meta.id);
    let comments = again.comments.into_iter().map(|comment| format!("# {comment}"));
    [again.line, compare].into_iter().chain(comments).collect::<Vec<_>>().join("\n")
}

/// The scenarios that show it, by name where they were named.
fn chosen<'a>(run: &'a Run, scenarios: &[String]) -> Vec<&'a Measured> {
    let mut chosen: Vec<&Measured> = run
        .scenarios
        .iter()
        .filter(|measured| scenarios.is_empty() || scenarios.contains(&measured.run.name))
        .collect();
    if !scenarios.is_empty() {
        chosen.sort_by(|a, b| a.run.name.cmp(&b.run.name));
    }
    chosen
}

/// A command in the making.
struct Command {
    line: String,
    /// What whoever types it has to know or to add.
    comments: Vec<String>,
}

impl Command {
    fn new(verb: &str) -> Self {
        Self { line: verb.to_owned(), comments: Vec::new() }
    }

    fn flag(&mut self, flag: &str) {
        self.line.push(' ');
        self.line.push_str(flag);
    }

    fn option(&mut self, flag: &str, value: &str) {
        self.flag(flag);
        self.flag(&word(value));
    }

    /// Where it goes, and the word that lets load leave this machine.
    fn target(&mut self, meta: &Meta) {
        let name = &meta.target;
        if targets::shipped(name).is_some() || name.contains("://") {
            self.option("--target", name);
        } else {
            self.comments.push(format!("{name}.toml stands for the file of the profile `{name}`"));
            self.option("--target", &format!("{name}.toml"));
        }
        let host = meta.origin.parse::<http::Uri>().ok();
        let host = host.as_ref().and_then(http::Uri::host).map(|host| host.trim_matches(['[', ']']));
        if let Some(host) = host.filter(|host| !safety::is_this_machine(host)) {
            self.option("--confirm", host);
        }
    }

    /// The same requests again.
    fn rehearsal(&mut self, meta: &Meta, chosen: &[&Measured]) {
        self.option("--preset", meta.preset.name());
        self.option("--seed", &meta.seed.to_string());
        if meta.world_seed != fixtures::DEFAULT_SEED {
            self.option("--world-seed", &meta.world_seed.to_string());
        }
        for measured in chosen {
            self.option("--scenario", &measured.run.name);
        }
        if (meta.time_scale - 1.0).abs() > f64::EPSILON {
            self.option("--time-scale", &meta.time_scale.to_string());
        }
        if meta.machine.processes > 1 {
            self.option("--processes", &meta.machine.processes.to_string());
        }
    }

    /// As many real browsers, as fast as they were.
    fn browsers(&mut self, chosen: &[&Measured]) {
        let Some(account) = chosen.iter().find_map(|measured| measured.browsers.as_ref()) else { return };
        self.option("--browsers", &account.visitors.to_string());
        if account.throttle != Throttle::None {
            self.option("--throttle", &account.throttle.to_string());
        }
    }

    /// What was read, for the next report has to show it, too.
    fn probes(&mut self, run: &Run) {
        let sources: Vec<&Source> = run.evidence.iter().flat_map(|evidence| &evidence.sources).collect();
        for source in &sources {
            let prometheus = source.name.strip_prefix("prometheus at ").unwrap_or(&source.name);
            match source.kind {
                SourceKind::Metrics if is_implied(&run.meta, &source.name) => {}
                SourceKind::Metrics => self.page("--probe-metrics", &source.name),
                SourceKind::Prometheus => self.page("--probe-prometheus", prometheus),
                SourceKind::Postgres => self.flag("--probe-postgres"),
                SourceKind::Redis => self.flag("--probe-redis"),
            }
        }
        // A Prometheus reads as often as it is told to; how often it was asked for says nothing.
        let mut every = sources.iter().filter(|source| source.kind != SourceKind::Prometheus);
        let usual = probes::USUAL.as_millis();
        if let Some(source) = every.find(|source| u128::from(source.every_ms) != usual) {
            self.option("--probe-every", &(source.every_ms as f64 / 1e3).to_string());
        }
    }

    /// A page by its address; where it has a label instead, the run knows no more than that.
    fn page(&mut self, flag: &str, name: &str) {
        if name.starts_with("http://") || name.starts_with("https://") {
            self.option(flag, name);
        } else {
            let one_line = name.replace(['\n', '\r'], " ");
            self.comments.push(format!("add {flag} with the address of `{one_line}`"));
        }
    }
}

/// Whether it is a mock's own page, which is read without being asked for.
fn is_implied(meta: &Meta, page: &str) -> bool {
    let is_mock = meta.environment.split_whitespace().next() == Some("mock");
    is_mock && page.strip_prefix(meta.origin.as_str()) == Some("/metrics")
}

/// As a shell takes it: in quotes unless nothing in it means anything there.
fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@%,+".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}
