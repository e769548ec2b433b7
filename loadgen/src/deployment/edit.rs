//! Edits done to a JSON document. Pure; where a pointer leads nowhere, or to null, nothing happens.

use chrono::{DateTime, NaiveDateTime};
use fixtures::targets::{Edit, Piece, Pointer, Step};
use serde_json::{Map, Number, Value};

/// Which item of each list, outermost first.
type Items = Vec<usize>;

/// Does the edits in order.
pub(super) fn apply(edits: &[Edit], document: &mut Value) {
    for edit in edits {
        one(edit, document);
    }
}

fn one(edit: &Edit, document: &mut Value) {
    match edit {
        Edit::Move(from, to) => {
            let moved = sources(document, from, to);
            for (items, _) in &moved {
                take(document, from, items);
            }
            put_all(document, to, moved);
        }
        Edit::Copy(from, to) => {
            let copied = sources(document, from, to);
            put_all(document, to, copied);
        }
        Edit::Set(at, value) => {
            for items in every(document, at) {
                put(document, at, &items, value.clone());
            }
        }
        Edit::Default(at, value) => {
            for items in every(document, at) {
                if get(document, at, &items).is_none() {
                    put(document, at, &items, value.clone());
                }
            }
        }
        Edit::Drop(at) => {
            for items in every(document, at) {
                take(document, at, &items);
            }
        }
        Edit::Text(to, pieces) => {
            for items in every(document, to) {
                if let Some(text) = text(document, pieces, &items) {
                    put(document, to, &items, text.into());
                }
            }
        }
        Edit::Utc(at) => change(document, at, |value| Some(utc(value.as_str()?)?.into())),
        Edit::Scale(at, by) => change(document, at, |value| scaled(value.as_f64()?, *by)),
        Edit::Words(at, mean) => change(document, at, |value| mean.get(&written(value)?).cloned()),
        Edit::Lift(at) => {
            for items in every(document, at) {
                lift(document, at, &items);
            }
        }
    }
}

/// Every way through the lists of a pointer. A place without lists has one, whether or not anything is there.
fn every(document: &Value, pointer: &Pointer) -> Vec<Items> {
    let mut found = Vec::new();
    walk(Some(document), pointer.steps(), &mut Vec::new(), &mut found);
    found
}

fn walk(at: Option<&Value>, steps: &[Step], items: &mut Items, found: &mut Vec<Items>) {
    match steps.split_first() {
        None => found.push(items.clone()),
        Some((Step::Field(name), rest)) => walk(at.and_then(|at| child(at, name)), rest, items, found),
        Some((Step::Each, rest)) => {
            for (place, item) in at.and_then(Value::as_array).into_iter().flatten().enumerate() {
                items.push(place);
                walk(Some(item), rest, items, found);
                items.pop();
            }
        }
    }
}

fn child<'a>(at: &'a Value, name: &str) -> Option<&'a Value> {
    match at {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

fn child_mut<'a>(at: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    match at {
        Value::Object(fields) => fields.get_mut(name),
        Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The value at a place, unless it is null.
fn get<'a>(document: &'a Value, pointer: &Pointer, items: &[usize]) -> Option<&'a Value> {
    let mut items = items.iter();
    let found = pointer.steps().iter().try_fold(document, |at, step| match step {
        Step::Field(name) => child(at, name),
        Step::Each => at.get(*items.next()?),
    });
    found.filter(|value| !value.is_null())
}

/// What goes from `from` to each place of `to`: lists stand for the same items on both sides.
fn sources(document: &Value, from: &Pointer, to: &Pointer) -> Vec<(Items, Value)> {
    let places = if to.lists() > from.lists() { every(document, to) } else { every(document, from) };
    places
        .into_iter()
        .filter_map(|items| Some((items.clone(), get(document, from, &items)?.clone())))
        .collect()
}

fn put_all(document: &mut Value, to: &Pointer, values: Vec<(Items, Value)>) {
    for (items, value) in values {
        put(document, to, &items, value);
    }
}

/// Puts a value at a place, making the objects on the way. Nothing happens when something else is in the way.
fn put(document: &mut Value, pointer: &Pointer, items: &[usize], value: Value) {
    let mut items = items.iter();
    let mut at = document;
    for step in pointer.steps() {
        let next = match step {
            Step::Each => items.next().and_then(|place| at.get_mut(*place)),
            Step::Field(name) => {
                if at.is_null() {
                    *at = Value::Object(Map::new());
                }
                match at {
                    Value::Object(fields) => Some(fields.entry(name.clone()).or_insert(Value::Null)),
                    other => child_mut(other, name),
                }
            }
        };
        let Some(next) = next else { return };
        at = next;
    }
    *at = value;
}

/// Takes a field away.
fn take(document: &mut Value, pointer: &Pointer, items: &[usize]) -> Option<Value> {
    let (last, way) = pointer.steps().split_last()?;
    let Step::Field(name) = last else { return None };
    let mut items = items.iter();
    let parent = way.iter().try_fold(document, |at, step| match step {
        Step::Field(name) => child_mut(at, name),
        Step::Each => at.get_mut(*items.next()?),
    });
    parent?.as_object_mut()?.remove(name)
}

fn change(document: &mut Value, at: &Pointer, to: impl Fn(&Value) -> Option<Value>) {
    for items in every(document, at) {
        if let Some(value) = get(document, at, &items).and_then(&to) {
            put(document, at, &items, value);
        }
    }
}

fn text(document: &Value, pieces: &[Piece], items: &[usize]) -> Option<String> {
    let piece = |piece: &Piece| match piece {
        Piece::Constant(text) => Some(text.clone()),
        Piece::Value(at) => written(get(document, at, items)?),
    };
    pieces.iter().map(piece).collect()
}

/// The texts at a place.
pub(super) fn texts<'a>(document: &'a Value, at: &'a Pointer) -> impl Iterator<Item = &'a str> {
    every(document, at).into_iter().filter_map(move |items| get(document, at, &items)?.as_str())
}

/// A scalar as text.
pub(super) fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The time with its `Z`, when it has no offset.
fn utc(time: &str) -> Option<String> {
    if DateTime::parse_from_rfc3339(time).is_ok() {
        return None;
    }
    let known = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let read = known.iter().find_map(|format| NaiveDateTime::parse_from_str(time, format).ok())?;
    Some(read.and_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

/// A whole number stays one where it can: the contract counts cents.
fn scaled(number: f64, by: f64) -> Option<Value> {
    let product = number * by;
    // Products of binary fractions: 0.29 * 100 is 28.999999999999996.
    let whole = product.round();
    if (product - whole).abs() < 1e-6 && whole.abs() < 9e15 {
        return Some(Value::from(whole as i64));
    }
    Number::from_f64(product).map(Value::Number)
}

/// The fields of an object beside it, and it away. What is there already stays.
fn lift(document: &mut Value, pointer: &Pointer, items: &[usize]) {
    if !get(document, pointer, items).is_some_and(Value::is_object) {
        return;
    }
    let Some(Value::Object(fields)) = take(document, pointer, items) else { return };
    let mut items = items.iter();
    let way = &pointer.steps()[..pointer.steps().len() - 1];
    let parent = way.iter().try_fold(document, |at, step| match step {
        Step::Field(name) => child_mut(at, name),
        Step::Each => at.get_mut(*items.next()?),
    });
    if let Some(Value::Object(parent)) = parent {
        for (name, value) in fields {
            parent.entry(name).or_insert(value);
        }
    }
}
