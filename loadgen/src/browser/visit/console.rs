//! What a page complained of on its console.

use serde_json::Value;

/// Errors that are kept in words, and characters of each.
const KEPT: usize = 5;
const MOST: usize = 300;

/// Errors, counted.
#[derive(Debug, Default)]
pub(super) struct Console {
    pub(super) errors: u64,
    pub(super) first: Vec<String>,
}

impl Console {
    /// Takes in what the browser tells.
    pub(super) fn take(&mut self, method: &str, params: &Value) {
        let Some(text) = error(method, params) else { return };
        self.errors += 1;
        if self.first.len() < KEPT {
            self.first.push(text.chars().take(MOST).collect());
        }
    }
}

/// An error in words, if it is one. What the log says of the network is left out: failed requests are counted as such,
/// and those that are kept in are no fault of the page.
fn error(method: &str, params: &Value) -> Option<String> {
    match method {
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            let said = details["exception"]["description"].as_str().or(details["text"].as_str());
            Some(said.unwrap_or("an exception").to_owned())
        }
        "Runtime.consoleAPICalled" if ["error", "assert"].contains(&params["type"].as_str()?) => {
            let said: Vec<_> = params["args"].as_array()?.iter().map(argument).collect();
            Some(said.join(" "))
        }
        "Log.entryAdded" => {
            let entry = &params["entry"];
            (entry["level"] == "error" && entry["source"] != "network")
                .then(|| entry["text"].as_str().unwrap_or_default().to_owned())
        }
        _ => None,
    }
}

/// Something printed: as it is, or what the browser calls it.
fn argument(argument: &Value) -> String {
    match &argument["value"] {
        Value::String(text) => text.clone(),
        Value::Null => argument["description"].as_str().unwrap_or("null").to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_of_all_kinds() {
        let mut console = Console::default();
        let thrown = json!({ "exceptionDetails": { "text": "Uncaught", "exception": { "description": "Error: no" } } });
        console.take("Runtime.exceptionThrown", &thrown);
        let args = json!([{ "type": "string", "value": "it" }, { "value": 7 }, { "description": "Object" }]);
        console.take("Runtime.consoleAPICalled", &json!({ "type": "error", "args": args }));
        console.take("Runtime.consoleAPICalled", &json!({ "type": "log", "args": args }));
        let entry =
            |source: &str| json!({ "entry": { "level": "error", "source": source, "text": "refused" } });
        console.take("Log.entryAdded", &entry("security"));
        console.take("Log.entryAdded", &entry("network"));
        assert_eq!(
            (console.errors, console.first),
            (3, vec!["Error: no".into(), "it 7 Object".into(), "refused".into()])
        );
    }

    #[test]
    fn many_are_counted_and_few_kept() {
        let mut console = Console::default();
        let long = "ä".repeat(MOST + 1);
        let printed = json!({ "type": "assert", "args": [{ "value": long }] });
        for _ in 0..=KEPT {
            console.take("Runtime.consoleAPICalled", &printed);
        }
        assert_eq!((console.errors, console.first.len()), (KEPT as u64 + 1, KEPT));
        assert_eq!(console.first[0].chars().count(), MOST);
    }
}
