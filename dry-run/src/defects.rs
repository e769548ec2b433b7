//! How each planted defect is brought out, and what counts as having noticed it. The scenario that is to notice
//! is the defect's own: [`Defect::scenario`].

use std::fmt;

use mock_server::defects::Defect;

/// How a defect is brought out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// What is wrong with the mock.
    pub(crate) defect: Defect,
    /// How the mock is run.
    pub(crate) stage: Stage,
    /// What has to notice.
    pub(crate) by: By,
}

/// How a mock is run, wrong or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stage {
    /// What is run against it.
    pub(crate) scenario: &'static str,
    /// How long its answers take.
    pub(crate) profile: &'static str,
    /// What goes wrong around it.
    pub(crate) faults: Option<Faults>,
}

/// A plan of faults, without which some defects have nothing to be wrong about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faults {
    /// One webhook in twenty finds that the store of processed events does not answer.
    StoreFails,
    /// One webhook in fifty is answered with a 503.
    Errors,
}

/// What has to notice a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A goal that one counterexample refutes, or the audit of the mock's books.
    ProofOrAudit,
    /// A goal about latency: a slow path breaks no other promise.
    Latency,
}

/// Every defect, in the order of [`Defect::ALL`].
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    Defect::ALL.into_iter().map(case)
}

/// Races and lost answers need answers that take time; the order of deliveries is what is sent where they take
/// none.
fn case(defect: Defect) -> Case {
    let (profile, faults, by) = match defect {
        Defect::OlderOverwritesNewer
        | Defect::WebhookTwice
        | Defect::LastV1Only
        | Defect::StaleTimestampAccepted => ("off", None, By::ProofOrAudit),
        Defect::DedupFailsOpen => ("off", Some(Faults::StoreFails), By::ProofOrAudit),
        Defect::ErrorsAs200 => ("off", Some(Faults::Errors), By::ProofOrAudit),
        Defect::NPlusOne => ("healthy", None, By::Latency),
        _ => ("healthy", None, By::ProofOrAudit),
    };
    Case { defect, stage: Stage { scenario: defect.scenario(), profile, faults }, by }
}

impl Faults {
    /// The plan, as `mock-server --faults` takes it.
    pub(crate) fn plan(self) -> &'static str {
        match self {
            Self::StoreFails => "seed = 7\n\n[[fault]]\nkind = \"webhook-store-fails\"\nshare = 0.05\n",
            Self::Errors => {
                "seed = 7\n\n[[fault]]\nkind = \"error\"\nstatus = 503\nshare = 0.02\nroute = \"POST /api/webhooks/stripe\"\n"
            }
        }
    }

    /// What it is called in a folder and a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::StoreFails => "store-fails",
            Self::Errors => "errors",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.scenario, self.profile)?;
        self.faults.map_or(Ok(()), |faults| write!(f, ", {}", faults.name()))
    }
}
