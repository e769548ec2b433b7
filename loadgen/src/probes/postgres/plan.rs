//! Plans as `EXPLAIN (VERBOSE, FORMAT JSON)` tells them: where a table is read from end to end to find a few of its rows.

use serde::Deserialize;

use super::condition::{self, Asked, How};

/// One plan.
#[derive(Debug, Deserialize)]
pub(super) struct Explained {
    /// Its uppermost step.
    #[serde(rename = "Plan")]
    pub(super) plan: Node,
}

/// One step of a plan.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Node {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Relation Name")]
    relation: Option<String>,
    schema: Option<String>,
    alias: Option<String>,
    filter: Option<String>,
    #[serde(rename = "Sort Key", default)]
    sort_key: Vec<String>,
    #[serde(rename = "Plan Rows", default)]
    rows: f64,
    #[serde(rename = "Total Cost", default)]
    cost: f64,
    #[serde(default)]
    plans: Vec<Node>,
}

/// A table that is read from end to end, and what is wanted of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scan {
    /// Its schema.
    pub(super) schema: String,
    /// Its name.
    pub(super) table: String,
    /// Columns that conditions ask of.
    pub(super) asked: Vec<Asked>,
    /// Whether it has conditions beside those.
    pub(super) passed_over: bool,
    /// Columns that its rows are sorted by, to take the first few.
    pub(super) sorted_by: Vec<String>,
    /// How many rows the planner expects to be left.
    pub(super) rows: f64,
}

/// What stands above a step.
#[derive(Debug, Clone, Copy, Default)]
struct Above<'n> {
    limited: bool,
    sorted_by: Option<&'n [String]>,
}

impl Node {
    /// The tables that are read from end to end for what an index could lead to.
    pub(super) fn scans(&self) -> Vec<Scan> {
        let mut scans = Vec::new();
        self.walk(Above::default(), &mut scans);
        scans
    }

    fn walk(&self, above: Above<'_>, scans: &mut Vec<Scan>) {
        scans.extend(self.scan(above));
        let below = match self.kind.as_str() {
            "Limit" => Above { limited: true, ..above },
            "Sort" | "Incremental Sort" if above.limited => {
                Above { sorted_by: Some(&self.sort_key), ..above }
            }
            "Gather" | "Gather Merge" => above,
            _ => Above::default(),
        };
        self.plans.iter().for_each(|plan| plan.walk(below, scans));
    }

    fn scan(&self, above: Above<'_>) -> Option<Scan> {
        if self.kind != "Seq Scan" {
            return None;
        }
        let alias = self.alias.as_deref()?;
        let filter = self.filter.as_deref();
        let asked = filter.map(|filter| condition::columns(filter, alias)).unwrap_or_default();
        let passed_over = filter.is_some_and(|filter| !condition::is_whole(filter, alias));
        let sorted_by = above.sorted_by.map(|keys| sorted(keys, alias)).unwrap_or_default();
        (!asked.is_empty() || !sorted_by.is_empty()).then(|| Scan {
            schema: self.schema.clone().unwrap_or_default(),
            table: self.relation.clone().unwrap_or_default(),
            asked,
            passed_over,
            sorted_by,
            rows: self.rows,
        })
    }

    /// The plan as people read it, a line for each step.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        self.write(0, &mut lines);
        lines.join("\n")
    }

    fn write(&self, depth: usize, lines: &mut Vec<String>) {
        let on = self.relation.as_ref().map(|relation| format!(" on {relation}")).unwrap_or_default();
        let filter = self.filter.as_ref().map(|filter| format!(", filter {filter}")).unwrap_or_default();
        let Self { kind, cost, rows, .. } = self;
        lines.push(format!("{}{kind}{on} (cost {cost:.0}, {rows:.0} rows{filter})", "  ".repeat(depth)));
        self.plans.iter().for_each(|plan| plan.write(depth + 1, lines));
    }
}

/// The columns of sort keys, if all of them are plain columns of this relation in one direction.
fn sorted(keys: &[String], alias: &str) -> Vec<String> {
    let ending = |key: &str| if key.contains(" DESC") { " DESC" } else { "" };
    let direction = keys.first().map_or("", |key| ending(key));
    let plain = |key: &String| {
        let name = key.strip_suffix(direction).filter(|_| ending(key) == direction)?;
        condition::column(name, alias).filter(|(_, as_text)| !as_text).map(|(column, _)| column)
    };
    keys.iter().map(plain).collect::<Option<_>>().unwrap_or_default()
}

impl Scan {
    /// The columns of conditions of one kind.
    pub(super) fn asked(&self, how: How) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(move |asked| asked.how == how)
    }
}

#[cfg(test)]
mod tests;
