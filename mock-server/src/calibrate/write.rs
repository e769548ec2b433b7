//! A profile as text, with its reasons as comments.

use std::fmt::Write as _;

use fixtures::profiles::{Capacity, Profile, Route, Scope, Stage};

use super::Measured;
use super::ladder::Ladder;

/// What a profile is made from, besides measurements.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where the measurements come from.
    pub source: &'a str,
    /// Gives the pools, each route's stages, and the default for what was not measured.
    pub base: &'a Profile,
}

/// A line at the end of the text.
macro_rules! put {
    ($out:expr, $($text:tt)*) => { writeln!($out, $($text)*).expect("writing to a string cannot fail") };
}

/// The text of a profile that gives these measurements back.
pub fn write(what: &Written<'_>, measured: &[Measured]) -> String {
    let mut out = String::new();
    put!(out, "name = {}\n", quoted(what.name));
    put!(out, "# Written by `mock-server calibrate` from {}.", one_line(what.source));
    put!(out, "#");
    put!(out, "# Percentiles in ms as they were measured, so waiting is in them: `at_load` says at how many");
    put!(
        out,
        "# requests per second. When it reads this, the mock looks for the curves that give them back at"
    );
    put!(
        out,
        "# those rates. Pools and stages are no measurement: they are those of the profile {}.",
        what.base.name
    );
    put!(out, "#");
    put!(
        out,
        "# Its usl, slow_start, stalls, cron and rows are left out: whatever there is of them at the target is in"
    );
    put!(out, "# what was measured, and would strike twice.");
    if let Some(default) = &what.base.default {
        put!(
            out,
            "\n# Not measured: whatever is not listed, as in the profile {}.\n\n[default]",
            what.base.name
        );
        put!(out, "unloaded = true");
        let Route { min, p50, p95, p99, p999, cap, .. } = *default;
        percentiles(&mut out, [min, p50, p95, p99, p999, cap]);
        stages(&mut out, &default.stages, 1.0);
    }
    for (name, pool) in &what.base.pools {
        put!(out, "\n[pools.{}]", quoted(name));
        if pool.scope == Scope::Event {
            put!(out, "scope = \"event\"");
        }
        match pool.capacity {
            Capacity::Servers(size) => put!(out, "size = {size}"),
            Capacity::Tokens { rate_per_s, burst } => {
                put!(out, "rate_per_s = {rate_per_s}\nburst = {burst}");
            }
        }
        put!(out, "queue = {}", pool.queue);
        put!(out, "acquire_timeout_ms = {}", pool.acquire_timeout_ms);
    }
    for measured in measured {
        route(&mut out, what.base, measured);
    }
    out
}

fn route(out: &mut String, base: &Profile, measured: &Measured) {
    let Ladder { min, p50, p95, p99, p999, cap, remarks } = Ladder::of(measured);
    put!(out, "\n[routes.{}]", quoted(&measured.route));
    if let Some(count) = measured.count {
        put!(out, "# {count} answers.");
    }
    for remark in &remarks {
        put!(out, "# {}", one_line(remark));
    }
    if let Some(rate) = measured.rate_per_s {
        put!(out, "at_load = {}", rounded(rate));
    } else {
        put!(out, "# At which rate is not known: taken as if it had been alone.");
        put!(out, "unloaded = true");
    }
    percentiles(out, [min, p50, p95, p99, p999, cap]);
    let known = base.route(&measured.route).map_or(&[][..], |route| &route.stages);
    let held: f64 = known.iter().map(|stage| stage.hold_ms).sum();
    // A little less than the fastest answer, since numbers are rounded.
    let shrink = if held > min * 0.99 { min * 0.99 / held } else { 1.0 };
    if shrink < 1.0 {
        put!(out, "# Holds shortened to {:.0} %: the fastest answer took no longer.", shrink * 100.0);
    }
    stages(out, known, shrink);
}

fn percentiles(out: &mut String, ms: [f64; 6]) {
    for (name, value) in ["min", "p50", "p95", "p99", "p999", "cap"].into_iter().zip(ms) {
        put!(out, "{name} = {}", rounded(value));
    }
}

fn stages(out: &mut String, stages: &[Stage], shrink: f64) {
    let stage = |stage: &Stage| {
        format!("{{ pool = {}, hold_ms = {} }}", quoted(&stage.pool), rounded(stage.hold_ms * shrink))
    };
    if !stages.is_empty() {
        put!(out, "stages = [{}]", stages.iter().map(stage).collect::<Vec<_>>().join(", "));
    }
}

/// Five significant digits: far finer than anything here is known, and steps that are apart stay so.
fn rounded(value: f64) -> f64 {
    let digits = 4 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits.clamp(0, 12));
    (value * scale).round() / scale
}

/// As a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}
