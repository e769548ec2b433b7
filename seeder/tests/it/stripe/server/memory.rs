//! What is remembered under idempotency keys: the first answer, good or bad, once anything was begun.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use serde_json::Value;

use super::{Answer, Call, form};

#[derive(Default)]
pub(super) struct Memory {
    kept: HashMap<String, (Asked, Answer)>,
    under_way: HashSet<String>,
}

/// Method, path and parameters, whatever their order.
type Asked = (String, String, Value);

/// What is to be answered to a call under a key.
pub(super) enum Recall {
    /// Never seen; it is under way from now on.
    New,
    /// Seen, with the same parameters.
    Replay(Answer),
    /// Seen with others, or under way.
    Refuse(Answer),
}

impl Memory {
    pub(super) fn recall(&mut self, key: &str, call: &Call) -> Recall {
        match self.kept.get(key) {
            Some((asked, answer)) if *asked == about(call) => Recall::Replay(answer.clone()),
            Some(_) => {
                let message = "Keys for idempotent requests can only be used with the same parameters they were first \
                               used with.";
                Recall::Refuse(Answer::error(400, "idempotency_error", None, message))
            }
            None if self.under_way.insert(key.to_owned()) => Recall::New,
            None => {
                let message = "There is currently another in-progress request using this Idempotent Key.";
                Recall::Refuse(Answer::error(
                    409,
                    "idempotency_error",
                    Some("idempotency_key_in_use"),
                    message,
                ))
            }
        }
    }

    /// As if every key had been used with other parameters.
    pub(super) fn change(&mut self) {
        for (asked, _) in self.kept.values_mut() {
            asked.2 = Value::Null;
        }
    }

    pub(super) fn keep(&mut self, key: &str, call: &Call, answer: &Answer) {
        if answer.status < 400 || answer.status >= 500 {
            self.kept.insert(key.to_owned(), (about(call), answer.clone()));
        }
    }
}

/// A key that is under way until this is dropped.
pub(super) struct UnderWay<'a>(pub(super) &'a Mutex<Memory>, pub(super) Option<&'a str>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.1 {
            self.0.lock().expect("no panic").under_way.remove(key);
        }
    }
}

fn about(call: &Call) -> Asked {
    (call.method.to_string(), call.path.clone(), form::parse(&call.body))
}
