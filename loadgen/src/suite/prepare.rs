//! What a scenario does before its start, bounded.

use std::{sync::Arc, time::Duration};

use engine::{
    ends::{Ends, Stage},
    record::Registry,
};

use super::{SuiteError, setup::Control};
use crate::scenario::Script;

/// How long a scenario may take to prepare itself.
pub(crate) const PREPARE: Duration = Duration::from_mins(2);

/// Lets the script prepare itself on the controlling thread.
pub(crate) fn prepare(
    control: &Control,
    scenario: &'static str,
    registry: &Arc<Registry>,
    script: &dyn Script,
    ends: &Ends,
) -> Result<(), SuiteError> {
    let mut context = control.context(scenario, registry.clone(), None);
    let prepared = control.block_on(async {
        tokio::select! {
            biased;
            () = ends.reached(Stage::Leaving) => Ok(Ok(())),
            prepared = tokio::time::timeout(PREPARE, script.prepare(&mut context)) => prepared,
        }
    });
    let failed = |why: String| SuiteError::NotPrepared { scenario, why };
    match prepared {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => Err(failed(format!("{e:#}"))),
        Err(_) => Err(failed(format!("not within {} s", PREPARE.as_secs()))),
    }
}
