//! The one stream of what happens in a run. Every view of it is a fold of this and of nothing else.

use engine::{
    goal::{Claim, Goal, Kind, Standing},
    record::Live,
};
use serde::{Deserialize, Serialize};

use crate::words::{limit, percent};

/// Something that happened, with its place in the stream and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1, 2, 3, …
    pub id: u64,
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happens in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The target is there and the plan fits: it begins.
    RunBegan(RunBegan),
    /// The suite has something to say.
    Said {
        /// A sentence.
        text: String,
    },
    /// A scenario begins, with its warm-up.
    ScenarioBegan(ScenarioBegan),
    /// Its warm-up is over: load is on, seconds count from here.
    LoadBegan,
    /// A second of it is over.
    Second {
        /// How it stands.
        live: Box<Live>,
    },
    /// A scenario is over.
    ScenarioEnded(ScenarioEnded),
    /// Nothing more comes.
    RunEnded(RunEnded),
}

/// What a run sets out to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunBegan {
    /// Its name, `run_YYYYMMDD_HHMMSS`.
    pub run: String,
    /// Where load goes.
    pub target: String,
    /// How much is rehearsed.
    pub preset: String,
    /// The scenarios, in their order.
    pub scenarios: Vec<Planned>,
    /// Between two of them, seconds in which nothing is sent.
    pub settling_s: f64,
    /// Cores the machine allows the generator.
    pub cores: f64,
    /// Where the web view is, if there is one.
    pub web: Option<String>,
}

/// A scenario that is to come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its one name.
    pub name: String,
    /// What a report calls it.
    pub title: String,
    /// How long its load takes by plan, seconds.
    pub length_s: f64,
}

/// A scenario that begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioBegan {
    /// What it is.
    #[serde(flatten)]
    pub planned: Planned,
    /// What it promises. A baseline promises nothing.
    pub goals: Vec<GoalCard>,
    /// The tightest limit on a response time among goals that apply, milliseconds: the generator's own
    /// lateness is measured against a tenth of it.
    pub tightest_ms: Option<f64>,
}

/// A promise, as far as it takes to say how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalCard {
    /// What a report calls it.
    pub name: String,
    /// What is promised: `p95 < 1 200 ms`.
    pub limit: String,
    /// The share of bad ones that must not be reached; 0 where one is too many.
    pub allowed: f64,
    /// How it is judged.
    pub kind: Kind,
    /// How many observations the plan makes at least.
    pub planned: u64,
    /// Whether these are enough to judge it.
    pub judged: bool,
    /// Whether it can be judged at all.
    pub standing: Standing,
}

/// A scenario that is over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioEnded {
    /// Its one name.
    pub name: String,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Requests it sent.
    pub requests: u64,
    /// Of these, failed.
    pub failed: u64,
    /// What its goals say, before the target's own books are read: `PASS`. None of a baseline.
    pub verdict: Option<String>,
}

/// The end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunEnded {
    /// What came of it, in a sentence.
    pub answer: String,
    /// Where the reports are, if there are any.
    pub reports: Option<String>,
}

impl ScenarioBegan {
    /// The card of a scenario with these goals.
    pub fn new(planned: Planned, goals: &[Goal]) -> Self {
        let applying = goals.iter().filter(|goal| goal.standing == Standing::Applies);
        let tightest = applying.filter_map(|goal| goal.claim.response_time_limit()).min();
        Self {
            planned,
            goals: goals.iter().map(GoalCard::new).collect(),
            tightest_ms: tightest.map(|limit| limit.as_secs_f64() * 1e3),
        }
    }
}

impl GoalCard {
    fn new(goal: &Goal) -> Self {
        Self {
            name: goal.name.clone(),
            limit: promise(&goal.claim),
            allowed: goal.claim.allowed(),
            kind: goal.kind,
            planned: goal.planned,
            judged: goal.judged(),
            standing: goal.standing.clone(),
        }
    }
}

fn promise(claim: &Claim) -> String {
    match claim {
        Claim::Percentile { percent, limit: below, .. } => format!("p{percent} < {}", limit(*below)),
        Claim::Errors { below, .. } | Claim::RequestErrors { below } => format!("< {}", percent(*below)),
        Claim::Share { below, .. } => format!("> {}", percent(1.0 - below)),
        Claim::Always(_) => "= 100 %".to_owned(),
        Claim::Never(_) => "= 0".to_owned(),
    }
}
