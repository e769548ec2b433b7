//! Whether two runs are alike enough to be compared, and what should be known of how they are not.

use std::fmt;

use super::{
    Noise,
    recording::{Recording, SizeOf},
};

/// Metrics of k6's that are named where a run of ours has none of that name.
const NAMED: usize = 10;

impl fmt::Display for SizeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.preset)?;
        if (self.time_scale - 1.0).abs() > f64::EPSILON {
            write!(f, ", time scale {}", self.time_scale)?;
        }
        if (self.load - 1.0).abs() > f64::EPSILON {
            write!(f, ", {} times the load", self.load)?;
        }
        Ok(())
    }
}

/// That a noise floor was not used, since it is of other runs than the baseline.
pub(super) fn of_another_size(noise: &Noise) -> Option<String> {
    let size = noise.size?;
    Some(format!(
        "The noise floor was not used: it is of runs at {size} in the world of seed {}, which the baseline is not. A pair of \
         runs like the baseline, compared with --as-noise-floor, makes another (--noise FILE).",
        size.world_seed
    ))
}

/// Why two runs cannot be compared: what they rehearsed is not the same.
pub(super) fn unlike(a: Option<&SizeOf>, b: Option<&SizeOf>) -> Vec<String> {
    let (Some(a), Some(b)) = (a, b) else { return Vec::new() };
    let mut all = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            all.push(format!("{what}: {a} against {b}"));
        }
    };
    differ("preset", a.preset.to_string(), b.preset.to_string());
    differ("time scale", a.time_scale.to_string(), b.time_scale.to_string());
    differ("load (times the plan's)", a.load.to_string(), b.load.to_string());
    differ("seed of the world", a.world_seed.to_string(), b.world_seed.to_string());
    all
}

/// What differs and does not forbid it.
pub(super) fn notes(a: &Recording, b: &Recording) -> Vec<String> {
    let of_k6 = one_is_k6s(a, b).then(|| foreign(a, b)).flatten();
    let (a, b) = (&a.subject, &b.subject);
    let mut all = Vec::new();
    if a == b {
        all.push("A and B are the same run.".to_owned());
    }
    match (a.size, b.size) {
        (Some(_), Some(_)) if a.machine != b.machine => {
            all.push(format!("The load came from different machines: {} against {}.", a.machine, b.machine));
        }
        (Some(_), Some(_)) => {}
        (None, None) => {
            all.push("Both sides are k6's: whether they offered the same load is not known.".to_owned());
        }
        _ => all.push(
            "One side is k6's: whether it offered the same load is not known, and k6 counts from when a request was \
             sent."
                .to_owned(),
        ),
    }
    all.extend(of_k6);
    all
}

/// Which metrics of k6's a run of ours has nothing of.
fn foreign(a: &Recording, b: &Recording) -> Option<String> {
    let [k6s, ours] = if a.subject.size.is_none() { [a, b] } else { [b, a] };
    let names = |of: &Recording| -> Vec<String> {
        let series = of.scenarios.iter().flat_map(|scenario| &scenario.series);
        series.map(|series| series.name.clone()).collect()
    };
    let ours = names(ours);
    let foreign: Vec<String> = names(k6s).into_iter().filter(|name| !ours.contains(name)).collect();
    let more = foreign.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let first = foreign.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    (!foreign.is_empty()).then(|| format!("Not compared, since only k6's side has them: {first}{more}."))
}

/// True when one side is a run of ours and the other is not.
pub(super) fn one_is_k6s(a: &Recording, b: &Recording) -> bool {
    a.subject.size.is_none() != b.subject.size.is_none()
}
