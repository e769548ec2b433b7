//! The dashboards.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::{known, path, promql, read, scraped};

const NAMES: [&str; 3] = ["generator", "mock", "target"];

struct Board {
    name: &'static str,
    json: Value,
}

fn boards() -> Vec<Board> {
    let board = |name| {
        let text = read(&format!("deploy/grafana/dashboards/{name}.json"));
        Board { name, json: serde_json::from_str(&text).expect("a dashboard is JSON") }
    };
    NAMES.map(board).into()
}

impl Board {
    fn panels(&self) -> impl Iterator<Item = &Value> {
        self.json["panels"].as_array().expect("panels").iter().filter(|panel| panel["type"] != "row")
    }

    /// Every expression: of panels, annotations and variables.
    fn expressions(&self) -> Vec<String> {
        let targets = self.panels().flat_map(|panel| panel["targets"].as_array().expect("targets"));
        let annotations = self.json["annotations"]["list"].as_array().expect("annotations");
        let asked =
            targets.chain(annotations).map(|asked| asked["expr"].as_str().expect("an expression").to_owned());
        let variables = self.json["templating"]["list"].as_array().expect("variables").iter();
        // label_values(EXPRESSION, label)
        let listed = variables.filter(|variable| variable["type"] == "query").map(|variable| {
            let query = variable["query"]["query"].as_str().expect("a query");
            let inside = query.strip_prefix("label_values(").and_then(|query| query.strip_suffix(')'));
            inside.and_then(|inside| inside.rsplit_once(", ")).expect("label_values").0.to_owned()
        });
        asked.chain(listed).collect()
    }
}

#[test]
fn there_is_a_file_for_each_dashboard_and_no_other() {
    let files = fs::read_dir(path("deploy/grafana/dashboards")).expect("the folder");
    let files: BTreeSet<_> = files.map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(files, NAMES.map(|name| format!("{name}.json").into()).into());
    let uids: BTreeSet<_> = boards().iter().map(|board| board.json["uid"].to_string()).collect();
    assert_eq!(uids.len(), NAMES.len());
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let source = json!({"type": "prometheus", "uid": "${datasource}"});
    for board in boards() {
        let mut ids = BTreeSet::new();
        for panel in board.panels() {
            let title = panel["title"].as_str().unwrap_or_default();
            assert!(!title.is_empty(), "{}: a panel without a title: {panel}", board.name);
            for words in [&panel["description"], &panel["fieldConfig"]["defaults"]["unit"]] {
                assert!(words.as_str().is_some_and(|words| !words.is_empty()), "{}: {title}", board.name);
            }
            assert!(
                ids.insert(panel["id"].as_u64().expect("an id")),
                "{}: {title}: its id is another's",
                board.name
            );
            let targets = panel["targets"].as_array().expect("targets");
            assert!(!targets.is_empty(), "{}: {title} asks nothing", board.name);
            for asking in targets.iter().chain([panel]) {
                assert_eq!(asking["datasource"], source, "{}: {title}", board.name);
            }
        }
        assert!(ids.len() >= 20, "{}: {} panels", board.name, ids.len());
    }
}

#[test]
fn panels_lie_beside_each_other() {
    for board in boards() {
        let mut taken = BTreeSet::new();
        for panel in board.json["panels"].as_array().expect("panels") {
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a place"));
            assert!(x + w <= 24, "{}: {} sticks out", board.name, panel["title"]);
            for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(place), "{}: {} covers another", board.name, panel["title"]);
            }
        }
    }
}

#[test]
fn dashboards_show_alerts_and_let_the_run_be_chosen() {
    for board in boards() {
        let list = |under: &str| board.json[under]["list"].as_array().expect("a list").clone();
        let named = |list: &[Value], name: &str| list.iter().any(|entry| entry["name"] == name);
        assert!(
            list("annotations")
                .iter()
                .any(|asked| asked["expr"].as_str().is_some_and(|it| it.contains("ALERTS")))
        );
        for variable in ["datasource", "run", "instance"] {
            assert!(named(&list("templating"), variable), "{}: no variable `{variable}`", board.name);
        }
        // A variable nobody declared stays in the expression as it is, and finds nothing.
        let variables = list("templating");
        for expression in board.expressions() {
            for used in expression.split('$').skip(1) {
                let end = used.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(used.len());
                let is_known = used[..end].starts_with("__") || named(&variables, &used[..end]);
                assert!(is_known, "{}: `${}` in {expression}", board.name, &used[..end]);
            }
        }
    }
}

/// Of dashboards and rules alike.
#[test]
fn every_metric_that_is_asked_for_exists() {
    let (of_the_mock, has_bus) = scraped::of_the_mock();
    let mut known = known::elsewhere();
    known.extend(known::of_the_generator());
    known.extend(known::recorded());
    known.extend(of_the_mock);
    let rules = super::alerts::expressions().into_iter().map(|expression| ("rules.yml", expression));
    let boards = boards();
    let shown = boards.iter().flat_map(|board| board.expressions().into_iter().map(|it| (board.name, it)));
    for (place, expression) in rules.chain(shown) {
        let asked = promql::metrics(&expression);
        assert!(
            !asked.is_empty() || expression.starts_with("vector("),
            "{place}: nothing is asked for by {expression}"
        );
        for metric in asked.iter().filter(|metric| has_bus || !metric.starts_with("mock_bus_")) {
            assert!(known.contains(metric), "{place}: nobody has `{metric}`, in {expression}");
        }
    }
}

#[test]
fn promtool_reads_every_expression_of_a_dashboard() {
    let Some(promtool) = crate::provided::named("TEST_PROMTOOL") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for board in boards() {
        let rules = board.expressions().into_iter().enumerate().map(|(n, expression)| {
            let filled = expression.replace("$__rate_interval", "2m").replace('$', "");
            json!({"record": format!("panel:{n}"), "expr": filled})
        });
        let rules = json!({"groups": [{"name": board.name, "rules": rules.collect::<Vec<_>>()}]});
        // JSON is YAML.
        let file = folder.path().join("rules.json");
        fs::write(&file, rules.to_string()).expect("it can be written");
        let ran = Command::new(&promtool).args(["check", "rules"]).arg(&file).output().expect("it starts");
        let said = [ran.stdout, ran.stderr].concat();
        assert!(ran.status.success(), "{}: {}", board.name, String::from_utf8_lossy(&said));
    }
}
