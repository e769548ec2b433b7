//! What a run says to the shell.

use std::str::FromStr;

use crate::verdict::{Judged, ScenarioVerdict, Verdict};

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything judged held.
    Ok,
    /// 2: the command or its configuration is wrong.
    Usage,
    /// 3: the target cannot be reached, or load on it was refused.
    Unreachable,
    /// 97: the load generator fell short, so nothing can be said.
    Invalid,
    /// 98: the sample does not decide.
    Inconclusive,
    /// 99: a goal was missed.
    Failed,
    /// 130: interrupted; the report is a partial one.
    Interrupted,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Invalid => 97,
            Self::Inconclusive => 98,
            Self::Failed => 99,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What an inconclusive goal means to the shell: `--inconclusive=pass|fail|98`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inconclusive {
    /// It counts as held.
    Pass,
    /// It counts as missed.
    Fail,
    /// It has a code of its own.
    #[default]
    Own,
}

/// A word that is none of `pass`, `fail`, `98`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of pass, fail, 98")]
pub struct UnknownInconclusive(pub String);

impl Inconclusive {
    /// What it says to the shell.
    pub fn exit(self) -> Exit {
        match self {
            Self::Pass => Exit::Ok,
            Self::Fail => Exit::Failed,
            Self::Own => Exit::Inconclusive,
        }
    }
}

impl FromStr for Inconclusive {
    type Err = UnknownInconclusive;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pass" => Ok(Self::Pass),
            "fail" => Ok(Self::Fail),
            "98" => Ok(Self::Own),
            other => Err(UnknownInconclusive(other.to_owned())),
        }
    }
}

/// Everything that decides the exit code of a run.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that do not exclude each other; which comes first is decided here"
)]
pub struct Outcome<'a> {
    /// Ctrl-C was pressed.
    pub interrupted: bool,
    /// The command or its configuration is wrong.
    pub usage: bool,
    /// The target cannot be reached, or load on it was refused.
    pub unreachable: bool,
    /// The scenarios, judged.
    pub scenarios: &'a [ScenarioVerdict],
    /// Goals over several scenarios (errors over the whole suite); void when a scenario is invalid.
    pub overall: &'a [Judged],
    /// The target's own books are not in order.
    pub audit_failed: bool,
}

/// The exit code: the first that applies of 130, 2, 3, 99, 97, 98, 0.
pub fn decide(outcome: Outcome<'_>, inconclusive: Inconclusive) -> Exit {
    let Outcome { interrupted, usage, unreachable, scenarios, overall, audit_failed } = outcome;
    let all_valid = scenarios.iter().all(ScenarioVerdict::is_valid);
    let failed = audit_failed
        || scenarios.iter().any(ScenarioVerdict::has_failed)
        || all_valid && overall.iter().any(|judged| judged.verdict == Verdict::Fail);
    let mut goals = scenarios.iter().flat_map(|scenario| &scenario.goals).chain(overall);
    let fell_short = goals.clone().any(|goal| matches!(goal.verdict, Verdict::Invalid(_)));
    let mut undecided = || goals.any(|goal| matches!(goal.verdict, Verdict::Inconclusive { .. }));
    if interrupted {
        Exit::Interrupted
    } else if usage {
        Exit::Usage
    } else if unreachable {
        Exit::Unreachable
    } else if failed {
        Exit::Failed
    } else if !all_valid || fell_short {
        Exit::Invalid
    } else if undecided() {
        inconclusive.exit()
    } else {
        Exit::Ok
    }
}
