//! The directory of instructors.

use std::collections::HashMap;

use contract::instructors::{Instructor, InstructorPage, ListInstructors, ListInstructorsParams};
use contract::{ApiError, FieldError, Nothing};
use serde_json::json;

use crate::api::Api;
use crate::area::{Area, AuditCheck};
use crate::caller::Caller;
use crate::dataset::Dataset;
use crate::mock::Mock;

/// Everybody who teaches, by family name. Their accounts are in the auth area, which also answers for their
/// rows.
pub(crate) struct Instructors {
    shown: Vec<Instructor>,
}

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<ListInstructors>(list)
}

impl Instructors {
    pub(crate) fn load(dataset: &Dataset) -> Self {
        let mut shown: Vec<Instructor> = dataset.instructors.iter().map(show).collect();
        shown.sort_by(|a, b| (&a.last_name, &a.first_name, &a.id).cmp(&(&b.last_name, &b.first_name, &b.id)));
        Self { shown }
    }
}

impl Area for Instructors {
    fn audit(&self) -> Vec<AuditCheck> {
        let mut seen = HashMap::new();
        self.shown.iter().for_each(|row| *seen.entry(&row.id).or_insert(0) += 1);
        let twice = seen.into_iter().filter(|(_, times)| *times > 1).map(|(id, _)| id.clone()).collect();
        vec![AuditCheck::new("instructors_are_listed_once", self.shown.len(), "instructors", twice)]
    }
}

fn show(row: &fixtures::Instructor) -> Instructor {
    Instructor {
        id: row.id.clone(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        email: row.email.clone(),
        style: row.style.clone(),
        rank: row.rank.clone(),
        bio: row.bio.clone(),
        city: row.city.clone(),
        state: row.state.clone(),
        years_experience: row.years_experience,
        rating: row.rating,
    }
}

fn list(
    mock: &Mock,
    _: &Caller,
    params: ListInstructorsParams,
    _: Nothing,
) -> Result<InstructorPage, ApiError> {
    let limit = within("limit", params.limit.unwrap_or(20), 1, 100)?;
    let page = within("page", params.page.unwrap_or(1), 1, u32::MAX)?;
    let is = |wanted: &Option<String>, has: &str| {
        wanted.as_ref().is_none_or(|wanted| has.eq_ignore_ascii_case(wanted.trim()))
    };
    let matching: Vec<&Instructor> = mock
        .instructors
        .shown
        .iter()
        .filter(|row| is(&params.style, &row.style) && is(&params.state, &row.state))
        .collect();
    let skipped = (page as usize - 1).saturating_mul(limit as usize);
    let instructors: Vec<Instructor> =
        matching.iter().skip(skipped).take(limit as usize).map(|row| Instructor::clone(row)).collect();
    Ok(InstructorPage {
        has_more: skipped.saturating_add(instructors.len()) < matching.len(),
        total: matching.len() as u64,
        instructors,
        limit,
        page,
    })
}

/// A number that must lie in `min..=max`; a 422 in pydantic's words otherwise.
fn within(field: &str, value: u32, min: u32, max: u32) -> Result<u32, ApiError> {
    let (kind, msg) = if value < min {
        ("greater_than_equal", format!("Input should be greater than or equal to {min}"))
    } else if value > max {
        ("less_than_equal", format!("Input should be less than or equal to {max}"))
    } else {
        return Ok(value);
    };
    Err(ApiError::unprocessable(vec![FieldError::new(
        kind,
        &["query", field],
        msg,
        json!(value.to_string()),
    )]))
}
