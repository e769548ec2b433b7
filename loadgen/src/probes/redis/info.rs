//! What `INFO` says.

use std::collections::HashMap;

/// The fields of one answer to `INFO`.
#[derive(Debug, Clone, Default)]
pub(super) struct Info {
    fields: HashMap<String, String>,
}

impl Info {
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let fields = lines.filter_map(|line| line.trim_end().split_once(':'));
        Self { fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok()
    }

    /// Processor time of the thread that runs commands; of the process, before 6.2.
    pub(super) fn main_thread_seconds(&self) -> Option<f64> {
        let both = |system, user| Some(self.number(system)? + self.number(user)?);
        both("used_cpu_sys_main_thread", "used_cpu_user_main_thread")
            .or_else(|| both("used_cpu_sys", "used_cpu_user"))
    }
}
