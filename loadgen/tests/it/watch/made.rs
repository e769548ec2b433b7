//! A run made by hand, for views to show.

use std::time::Duration;

use engine::{
    goal::{self, Goal},
    record::{Live, LiveSeries, Newest, Registry, Standing, Totals},
};
use loadgen::{
    scenarios,
    watch::{
        model::Model,
        stream::{Entry, Event, Planned, RunBegan, RunEnded, ScenarioBegan, ScenarioEnded},
    },
};

const SERIES: [&str; 5] = [
    "GET /api/search",
    "POST /api/auth/login",
    "search",
    "semantic search",
    "GET /api/events/{event_id}/registrations/{registration_id}",
];

/// Tells entries, each at its time.
#[derive(Default)]
pub(crate) struct Teller {
    pub(crate) entries: Vec<Entry>,
}

impl Teller {
    pub(crate) fn tell(&mut self, at_ms: u64, event: Event) {
        self.entries.push(Entry { id: self.entries.len() as u64 + 1, at_ms, event });
    }

    pub(crate) fn say(&mut self, at_ms: u64, text: &str) {
        self.tell(at_ms, Event::Said { text: text.to_owned() });
    }

    pub(crate) fn second(&mut self, at_ms: u64, live: Live) {
        self.tell(at_ms, Event::Second { live: Box::new(live) });
    }

    pub(crate) fn model(&self) -> Model {
        let mut model = Model::default();
        for entry in &self.entries {
            model.apply(entry);
        }
        model
    }
}

pub(crate) fn ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms / 1e3)
}

pub(crate) fn planned(name: &str, length_s: f64) -> Planned {
    let title = scenarios::find(name).expect("a scenario of this name").title().to_owned();
    Planned { name: name.to_owned(), title, length_s }
}

pub(crate) fn run() -> RunBegan {
    let lengths = [10.0, 18.0, 10.0, 10.0, 13.0, 11.0];
    let scenarios = scenarios::ALL.iter().zip(lengths);
    RunBegan {
        run: "run_20270101_120000".into(),
        target: "http://127.0.0.1:8089".into(),
        preset: "smoke".into(),
        scenarios: scenarios.map(|(scenario, length)| planned(scenario.name(), length)).collect(),
        settling_s: 0.0,
        cores: 2.0,
        web: None,
    }
}

/// Goals of every kind.
pub(crate) fn goals() -> Vec<Goal> {
    let mut registry = Registry::new();
    let (search, connected) = (registry.group("search"), registry.share("connected"));
    let (known, twice) = (registry.share("known answers"), registry.counter("twice"));
    let below = |limit| goal::p95(search).below(ms(limit));
    vec![
        Goal::sampled("search p95", below(1_200.0), 7_000),
        Goal::sampled("search p99", goal::p99(search).below(ms(2_000.0)), 7_000),
        Goal::sampled("semantic search p95", below(1_500.0), 7_000),
        Goal::sampled("filtered search p95", below(800.0), 3),
        Goal::sampled("errors", goal::errors(search).below(0.001), 7_000),
        Goal::census("connected", goal::share(connected).above(0.99), 50),
        Goal::exact("known answers are among the first ten", goal::always(known)),
        Goal::exact("nothing is delivered twice", goal::never(twice)),
        Goal::sampled("TLS p95", below(200.0), 100).not_applicable("the target is not reached over TLS"),
    ]
}

pub(crate) fn newest(rate: u64, p50: f64) -> Newest {
    let time = |factor: f64| (rate > 0).then(|| ms(p50 * factor));
    Newest { rate, p50: time(1.0), p95: time(3.0), p99: time(7.5) }
}

/// How a scenario stands after so many seconds.
pub(crate) fn live(second: i64) -> Live {
    let done = second as u64 + 1;
    let wave = (second * 37 % 23) as u64;
    let series = SERIES.iter().enumerate().map(|(place, name)| LiveSeries {
        name: (*name).to_owned(),
        endpoint: place < 2,
        n: done * 100,
        failed: if place == 3 { 4 } else { 0 },
        newest: newest(if place == 4 { 0 } else { 100 + wave }, 12.0 + place as f64),
    });
    let standing = |bad| Standing { n: done * 1_000, bad };
    Live {
        second,
        requests: done * 500,
        failed: 4,
        started: done * 500,
        users: 100,
        newest: newest(480 + wave, 12.01 + wave as f64 * 0.26),
        done: Newest::default(),
        lateness_p99: Some(ms(0.42)),
        cores: Some(0.8),
        series: series.collect(),
        goals: [done * 10, done * 8, done * 60, 0, done, 0, 0, 1, 0].map(standing).to_vec(),
        counters: Vec::new(),
        totals: Totals::default(),
    }
}

/// Six seconds into the second scenario, at 19.5 s.
pub(crate) fn under_way() -> Teller {
    let mut teller = Teller::default();
    teller.tell(0, Event::RunBegan(run()));
    teller.say(1, "run_20270101_120000 against http://127.0.0.1:8089 (mock)");
    teller.tell(2, Event::ScenarioBegan(ScenarioBegan::new(planned("search-load", 10.0), &goals())));
    teller.tell(400, Event::LoadBegan);
    for second in 0..10 {
        teller.second(2_400 + 1_000 * second as u64, live(second));
    }
    teller.tell(11_800, Event::ScenarioEnded(ended("search-load", "PASS")));
    teller.say(11_900, "settling for 1 s");
    teller.tell(12_900, Event::ScenarioBegan(ScenarioBegan::new(planned("rtc-load", 18.0), &goals())));
    teller.tell(13_400, Event::LoadBegan);
    for second in 0..5 {
        teller.second(15_400 + 1_000 * second as u64, live(second));
    }
    teller
}

pub(crate) fn ended(name: &str, verdict: &str) -> ScenarioEnded {
    ScenarioEnded {
        name: name.to_owned(),
        seconds: 10.93,
        requests: 5_012,
        failed: 4,
        verdict: Some(verdict.to_owned()),
    }
}

pub(crate) fn over() -> Event {
    Event::RunEnded(RunEnded {
        answer: "FAIL: goals were missed".into(),
        reports: Some("results/run".into()),
    })
}
