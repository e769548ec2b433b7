//! A scenario at another load.

use engine::load::Load;
use loadgen::{
    limit::{self, LimitError, Patience, search::Rules},
    options::Options,
    preset::{Preset, Sizing},
    scenario::{Plan, Scenario, Scope},
    scenarios,
    target::Target,
};

use crate::scopes::smoke;

fn planned(scenario: &dyn Scenario, factor: f64) -> Plan {
    let scope = smoke();
    let sizing = Sizing::new(scenario.name(), Preset::Smoke, 1.0).at_load(factor);
    scenario.plan(&Scope { sizing, ..scope })
}

#[test]
fn twice_the_load_is_twice_the_heads_and_rates_and_nothing_else() {
    for scenario in scenarios::ALL.into_iter().filter(|scenario| scenario.fixed().is_none()) {
        let (plan, double) = (planned(scenario, 1.0), planned(scenario, 2.0));
        let name = scenario.name();
        assert_eq!(plan.length(), double.length(), "{name}");
        assert_eq!(plan.goals.len(), double.goals.len(), "{name}");
        for (one, two) in plan.flows.iter().zip(&double.flows) {
            let (one, two) = (&one.load, &two.load);
            assert!((two.curve().peak() / one.curve().peak() - 2.0).abs() < 1e-9, "{name}");
            match (one, two) {
                (Load::Paced { every: one, .. }, Load::Paced { every: two, .. }) => assert_eq!(one, two),
                (Load::Arrivals(_), Load::Arrivals(_)) | (Load::Visitors(_), Load::Visitors(_)) => {}
                _ => panic!("{name} changes how it is offered"),
            }
        }
        let (few, many) = (plan.needs.requests as f64, double.needs.requests as f64);
        assert!((many / few - 2.0).abs() < 0.1, "{name}: {few} and {many}");
        for (one, two) in plan.goals.iter().zip(&double.goals) {
            assert_eq!((&one.name, &one.claim), (&two.name, &two.claim), "goals stay");
        }
    }
}

#[test]
fn what_cannot_be_scaled_says_why_and_does_not_follow() {
    let fixed: Vec<&str> = scenarios::ALL
        .into_iter()
        .filter(|scenario| scenario.fixed().is_some())
        .map(Scenario::name)
        .collect();
    assert_eq!(fixed, ["rtc-load", "event-rsvp-load"]);
    for name in fixed {
        let scenario = scenarios::find(name).expect("it exists");
        let starts = |factor| planned(scenario, factor).flows[0].load.planned_starts();
        assert_eq!(starts(1.0), starts(3.0), "{name}");
        let options = Options {
            scenarios: vec![scenario],
            ..Options::new(Target::parse("mock").expect("a name that is known"))
        };
        let patience = Patience { trial_s: None, scaled: false, most: std::time::Duration::from_mins(1) };
        let refused = limit::plan(&options, patience, Rules::default());
        assert!(matches!(refused, Err(LimitError::Fixed { .. })), "{name}");
    }
}

#[test]
fn a_search_says_before_it_starts_what_it_will_take() {
    let options = Options {
        scenarios: vec![scenarios::find("webhooks-load").expect("it exists")],
        preset: Preset::Full,
        ..Options::new(Target::parse("mock").expect("a name that is known"))
    };
    let said = |trial_s, minutes: u64| {
        let most = std::time::Duration::from_mins(minutes);
        let patience = Patience { trial_s, scaled: false, most };
        limit::plan(&options, patience, Rules::default()).expect("it scales").announcement()
    };
    expect_test::expect![[r"
        limit of webhooks-load: at most 12 trials of 30 s, at most 10 min 36 s in all; up by 1.5 × each, then to within 10 %
        limit of webhooks-load: at most 5 trials of 10 s, at most 2 min 35 s in all; up by 1.5 × each, then to within 10 %; too short to judge: deliveries accepted, errors (longer trials: --trial SECONDS)"]]
    .assert_eq(&[said(None, 60), said(Some(10.0), 3)].join("\n"));
}
