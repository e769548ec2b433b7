//! What every scenario promises at every preset.

use engine::goal::{Goal, Kind, Standing};
use loadgen::scenarios;

use crate::scopes::{full, plan, quick, smoke};

fn applying(goals: &[Goal]) -> impl Iterator<Item = &Goal> {
    goals.iter().filter(|goal| goal.standing == Standing::Applies)
}

#[test]
fn every_scenario_judges_a_latency_goal_and_all_exact_goals_at_every_preset() {
    for scope in [smoke(), quick(), full()] {
        for scenario in scenarios::ALL {
            let plan = plan(scenario.name(), &scope);
            let goals = || applying(&plan.goals);
            let judges_latency =
                goals().any(|goal| goal.claim.response_time_limit().is_some() && goal.judged());
            let (name, preset) = (scenario.name(), scope.sizing.preset());
            assert!(judges_latency, "{name} judges no latency at {preset}");
            for goal in goals().filter(|goal| goal.kind == Kind::Exact) {
                assert!(goal.judged(), "{name}: {} at {preset}", goal.name);
            }
        }
    }
}

#[test]
fn at_full_every_sampled_goal_is_judged() {
    for scenario in scenarios::ALL {
        for goal in applying(&plan(scenario.name(), &full()).goals) {
            let (name, needed) = (scenario.name(), goal.needed());
            assert!(goal.judged(), "{name}: {} plans {} of {needed}", goal.name, goal.planned);
        }
    }
}

#[test]
fn plans_of_one_seed_ask_the_same_and_of_another_seed_something_else() {
    for scenario in scenarios::ALL {
        let intents = |seed| {
            let scope = loadgen::scenario::Scope { seed, ..smoke() };
            plan(scenario.name(), &scope).script.intents().collect::<Vec<_>>()
        };
        assert!(!intents(1).is_empty());
        assert_eq!(intents(1), intents(1), "{}", scenario.name());
        if scenario.name() != "rtc-load" {
            assert_ne!(intents(1), intents(2), "{}", scenario.name());
        }
    }
}

#[test]
fn series_of_goals_are_declared() {
    for scenario in scenarios::ALL {
        let plan = plan(scenario.name(), &smoke());
        let routes: Vec<_> =
            contract::measured_routes().filter(|route| plan.registry.find_timing(route).is_some()).collect();
        assert!(!routes.is_empty(), "{} declares no endpoint", scenario.name());
    }
}
