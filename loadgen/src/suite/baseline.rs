//! One user alone, before the crowd: what the suite's figures are compared with.

use engine::ends::Ends;

use super::{Prepared, SuiteError, play, setup::Control};
use crate::{digest, options::Options, run::Measured, watch::Screen};

/// Measures the baselines of the scenarios chosen that have one; none where the preset has none or nobody wants
/// one.
pub(super) fn measure(
    control: &Control,
    options: &Options,
    ends: &Ends,
    screen: &Screen,
) -> Result<Vec<Measured>, SuiteError> {
    let length = options.preset.baseline().filter(|_| options.baseline);
    let Some(length) = length.map(|length| length.mul_f64(options.time_scale)) else {
        return Ok(Vec::new());
    };
    let mut measured = Vec::new();
    for &scenario in &options.scenarios {
        let scope = options.scope(scenario.name(), control.nonce.clone());
        let Some(plan) = scenario.baseline(&scope, length).filter(|_| !ends.interrupted()) else { continue };
        screen.say(&format!("baseline: one user, {} s", length.as_secs()));
        let digest = digest::of_plan(scenario.name(), &plan);
        measured.push(play::play(control, Prepared { scenario, plan, digest }, None, &ends.part(), screen)?);
    }
    Ok(measured)
}
