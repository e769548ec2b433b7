use engine::{goal::Standing, record::Registry};

use super::*;
use crate::{
    browser::Source,
    scenarios::page::goals::{Planned, goals},
};

/// What is made of the goals of browsers whose canary took so long alone and beside the crowd.
fn reviewed(canary_ms: [f64; 2], lost: u64) -> Vec<Goal> {
    let company = Arc::new(Company {
        visitors: 1,
        source: Source::Running("http://127.0.0.1:1".to_owned()),
        throttle: Throttle::None,
        required: false,
        own_roots: false,
        hosts: Vec::new(),
    });
    let looks = Looks::new(&company, 42, 90, 900.0);
    let browsers = Browsers::new(company, looks);
    *locked(&browsers.fleet) = State::Over;
    locked(&browsers.account).started("Chrome/1", vec![canary_ms[0]; 6]);
    locked(&browsers.account).add_canary(canary_ms[1]);
    for _ in 0..lost {
        browsers.lost("home: the tab crashed".to_owned());
    }
    let series = Series::declare(&mut Registry::new());
    let mut goals = goals(series, Planned::default(), Ok(342));
    browsers.review(series, &mut goals);
    goals
}

/// The names of those that are invalid.
fn invalid(goals: &[Goal]) -> Vec<&str> {
    let invalid = goals.iter().filter(|goal| matches!(goal.standing, Standing::Invalid(_)));
    invalid.map(|goal| goal.name.as_str()).collect()
}

#[test]
fn browsers_that_fell_short_void_what_takes_one_and_nothing_else() {
    assert_eq!(invalid(&reviewed([1_150.0, 1_170.0], 0)), Vec::<&str>::new());
    for (what, goals) in
        [("starved", reviewed([1_150.0, 1_500.0], 0)), ("crashed", reviewed([1_150.0, 1_170.0], 1))]
    {
        assert_eq!(invalid(&goals), ["LCP p95", "LCP reported"], "{what}");
    }
}
