//! The keys of one fault, taken out one by one; what is left at the end is unknown.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use toml::{Spanned, Value};

use super::read::{File, Known, PlanError, unknown};

/// A fault as it is typed: shape only, every value with its place in the file.
pub(super) type RawFault = BTreeMap<Spanned<String>, Spanned<Value>>;

/// The keys of a fault that were not taken yet.
pub(super) struct Keys<'a> {
    file: File<'a>,
    known: Known<'a>,
    /// Where the fault begins.
    place: Range<usize>,
    left: RawFault,
    /// Keys that were asked for.
    asked: Vec<&'static str>,
    /// Whether its window has an end.
    has_end: bool,
}

impl<'a> Keys<'a> {
    /// No time in a plan is longer, in milliseconds.
    pub(super) const HOUR_MS: f64 = 3_600_000.0;
    /// No size in a plan is larger, in bytes.
    pub(super) const GIB: u64 = 1 << 30;

    pub(super) fn new(file: File<'a>, known: Known<'a>, raw: Spanned<RawFault>) -> Self {
        let place = raw.span();
        let left = raw.into_inner();
        let has_end = left.keys().any(|key| key.get_ref() == "for_s");
        Self { file, known, place, left, asked: Vec::new(), has_end }
    }

    /// The number under `name`, which must be in `range`.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, PlanError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = match value.get_ref() {
            Value::Float(number) => *number,
            Value::Integer(number) => *number as f64,
            other => return Err(self.wrong_type(&value, name, "a number", other)),
        };
        if range.contains(&number) {
            return Ok(Some(number));
        }
        let (low, high) = (range.start(), range.end());
        Err(self.file.fault(value.span(), format!("{name} = {number} must be from {low} to {high}")))
    }

    /// The whole number under `name`, which must be in `range`.
    pub(super) fn whole(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, PlanError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let Value::Integer(number) = value.get_ref() else {
            return Err(self.wrong_type(&value, name, "a whole number", value.get_ref()));
        };
        if let Some(number) = u64::try_from(*number).ok().filter(|number| range.contains(number)) {
            return Ok(Some(number));
        }
        let (low, high) = (range.start(), range.end());
        Err(self.file.fault(value.span(), format!("{name} = {number} must be from {low} to {high}")))
    }

    /// The text under `name`, with its place.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<Spanned<String>>, PlanError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let place = value.span();
        match value.get_ref() {
            Value::String(text) => Ok(Some(Spanned::new(place, text.clone()))),
            other => Err(self.wrong_type(&value, name, "a text", other)),
        }
    }

    /// What `choices` has for the text under `name`.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, PlanError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let choice = choices.iter().find(|(choice, _)| choice == text.get_ref());
        let unheard = || {
            let known: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            self.file.fault(text.span(), unknown(name, text.get_ref(), &known))
        };
        choice.map(|(_, meant)| Some(*meant)).ok_or_else(unheard)
    }

    /// One of the contract's routes, if there is a key `route`.
    pub(super) fn route(&mut self) -> Result<Option<&'static str>, PlanError> {
        let Some(name) = self.text("route")? else { return Ok(None) };
        let routes = self.known.routes;
        let route = routes.iter().find(|route| *route == name.get_ref());
        let unheard = || self.file.fault(name.span(), unknown("route", name.get_ref(), routes));
        route.copied().map(Some).ok_or_else(unheard)
    }

    /// One of the profile's pools.
    pub(super) fn pool(&mut self, name: &'static str) -> Result<String, PlanError> {
        let pool = self.text(name)?;
        let pool = self.needed(name, pool)?;
        if self.known.pools.contains(&pool.get_ref().as_str()) {
            return Ok(pool.into_inner());
        }
        Err(self.file.fault(pool.span(), unknown("pool", pool.get_ref(), self.known.pools)))
    }

    /// Refuses a fault without `value`.
    pub(super) fn needed<T>(&self, name: &str, value: Option<T>) -> Result<T, PlanError> {
        value.ok_or_else(|| self.at_its_head(format!("{name} is missing")))
    }

    /// Refuses a window without an end.
    pub(super) fn need_an_end(&self) -> Result<(), PlanError> {
        if self.has_end {
            Ok(())
        } else {
            Err(self.at_its_head("for_s is missing: it has to end".to_owned()))
        }
    }

    /// A fault of the whole table, named by the line it begins in.
    pub(super) fn at_its_head(&self, message: String) -> PlanError {
        self.file.fault(self.place.clone(), message)
    }

    /// Refuses keys that nobody asked for.
    pub(super) fn finish(self) -> Result<(), PlanError> {
        match self.left.keys().min_by_key(|key| key.span().start) {
            None => Ok(()),
            Some(key) => Err(self.file.fault(key.span(), unknown("key", key.get_ref(), &self.asked))),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Spanned<Value>> {
        self.asked.push(name);
        let key = self.left.keys().find(|key| key.get_ref() == name)?.clone();
        self.left.remove(&key)
    }

    fn wrong_type(&self, value: &Spanned<Value>, name: &str, wanted: &str, found: &Value) -> PlanError {
        let found = found.type_str();
        self.file.fault(value.span(), format!("{name} must be {wanted}, not a value of type {found}"))
    }
}
