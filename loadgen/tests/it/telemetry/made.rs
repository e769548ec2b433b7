//! A run made by hand, as figures.

use std::time::{Duration, SystemTime};

use engine::{
    clock,
    curve::Curve,
    driver::{Due, Tally},
    goal::{self, Goal},
    load::{Flow, Load},
    record::{Collector, Ending, Fault, Live, Plan, Registry, Sample},
    run::{FlowRun, ScenarioRun},
};
use loadgen::{
    telemetry::figures::Figures,
    watch::stream::{Entry, Event, ScenarioBegan},
};

use crate::watch::made::{Teller, ended, ms, over, planned, run};

/// Ten searches, of which two time out and one is refused; a value; something counted; one arrival given up.
pub(super) fn searched() -> ScenarioRun {
    let mut registry = Registry::new();
    let search = registry.endpoint("GET /api/search");
    let semantic = registry.group("semantic \"search\"");
    let chat = registry.value("chat_message_latency");
    let twice = registry.counter("duplicates");
    let goals = goals(&mut registry);
    let flow = Flow::new("members", Load::Arrivals(Curve::flat(1.1, 10.0)));
    let collector = Collector::start(Plan::new("search-load", registry, goals, vec![flow.clone()]));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    for n in 0..10 {
        let due = Due { at: epoch + ms(f64::from(n) * 10.0), lateness: ms(2.0) };
        let sent = due.at + ms(5.0);
        let outcome = match n {
            0 | 1 => Err(Fault::timeout("no answer in 10 s")),
            2 => Err(Fault::status(503, "busy")),
            _ => Ok(()),
        };
        let ids = if n < 5 { &[search, semantic][..] } else { &[search] };
        recorder.timing(ids, Sample::new(due, sent, due.at + ms(150.0), outcome));
    }
    recorder.value(chat, ms(30.0));
    recorder.add(twice, 3);
    drop(recorder);
    let tally = Tally { planned: 11, started: 10, finished: 10, dropped: 1, ..Tally::default() };
    collector.finish(Ending {
        started: SystemTime::UNIX_EPOCH,
        epoch,
        ended: epoch + Duration::from_secs(10),
        interrupted: false,
        workers: 1,
        flows: vec![FlowRun::new(&flow, [tally])],
        lost: Vec::new(),
    })
}

fn goals(registry: &mut Registry) -> Vec<Goal> {
    let (search, twice) = (registry.endpoint("GET /api/search"), registry.counter("duplicates"));
    vec![
        Goal::sampled("search p95", goal::p95(search).below(ms(1_200.0)), 600),
        Goal::exact("no duplicates", goal::never(twice)),
        Goal::sampled("few searches", goal::p95(search).below(ms(1_200.0)), 3),
    ]
}

/// A baseline, which is over, and a scenario that begins.
pub(super) fn teller() -> Teller {
    let mut teller = Teller::default();
    teller.tell(0, Event::RunBegan(run()));
    teller.tell(1, Event::ScenarioBegan(ScenarioBegan::new(planned("search-load", 60.0), &[])));
    teller.tell(2, Event::LoadBegan);
    teller.tell(3, Event::ScenarioEnded(ended("search-load", "PASS")));
    let goals = goals(&mut Registry::new());
    teller.tell(4, Event::ScenarioBegan(ScenarioBegan::new(planned("search-load", 10.0), &goals)));
    teller.tell(5, Event::LoadBegan);
    teller
}

/// What these entries come to.
pub(super) fn figures(entries: &[Entry]) -> Figures {
    let mut figures = Figures::default();
    for entry in entries {
        figures.apply(entry);
    }
    figures
}

/// A whole run of one scenario.
pub(super) fn whole() -> Figures {
    let mut teller = teller();
    let goals = [(12, 1), (3, 3), (12, 0)].map(|(n, bad)| engine::record::Standing { n, bad }).to_vec();
    let counters = vec![engine::record::LiveCounter { name: "duplicates".into(), total: 1 }];
    teller.second(
        2_000,
        Live { second: 1, requests: 5, started: 5, users: 7, goals, counters, ..Live::default() },
    );
    let mut figures = figures(&teller.entries);
    figures.settle(&searched());
    let mut last = Teller::default();
    last.tell(12_000, Event::ScenarioEnded(ended("search-load", "FAIL")));
    last.tell(12_500, over());
    last.entries.iter().for_each(|entry| figures.apply(entry));
    figures
}
