//! Faults that were scheduled, and how often they struck.

use crate::{
    faults::ScheduledFault,
    run::Run,
    words::{count, number, percent},
};

/// One fault of the plan.
pub(in crate::report) struct ScheduledRow {
    pub(in crate::report) kind: String,
    pub(in crate::report) strikes: String,
    /// `from 5 s for 10 s`.
    pub(in crate::report) when: String,
    pub(in crate::report) share: String,
    pub(in crate::report) met: String,
    pub(in crate::report) struck: String,
}

pub(super) fn rows(run: &Run) -> Vec<ScheduledRow> {
    run.faults.iter().flat_map(|plan| &plan.faults).map(row).collect()
}

fn row(fault: &ScheduledFault) -> ScheduledRow {
    let when = match (fault.from_s > 0.0, fault.for_s) {
        (false, None) => "always".to_owned(),
        (true, None) => format!("from {} s", fault.from_s),
        (_, Some(lasting)) => format!("from {} s for {lasting} s", fault.from_s),
    };
    ScheduledRow {
        kind: fault.kind.clone(),
        strikes: fault.strikes.clone(),
        when,
        share: percent(fault.share),
        met: number(fault.met),
        struck: number(fault.struck),
    }
}

/// The faults in a sentence; nothing where none were scheduled.
pub(super) fn sentence(run: &Run) -> Option<String> {
    let plan = run.faults.as_ref()?;
    let struck = plan.faults.iter().filter(|fault| fault.struck > 0);
    let each: Vec<_> = struck.map(|fault| format!("{} {}", fault.kind, number(fault.struck))).collect();
    let scheduled = count(plan.faults.len() as u64, "fault", "faults");
    let came =
        if each.is_empty() { ", none struck".to_owned() } else { format!("; struck: {}", each.join(", ")) };
    Some(format!("{scheduled} scheduled{came}"))
}
