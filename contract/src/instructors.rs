//! The directory of instructors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};

endpoint! {
    /// List instructors, filtered and paged.
    ListInstructors = "GET /api/instructors", Open, None Nothing => 200 InstructorPage,
    params ListInstructorsParams, errors [422]
}

/// Parameters of [`ListInstructors`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListInstructorsParams {
    /// Page size, 1 to 100; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// Page, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub page: Option<u32>,
    /// Only this discipline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// Only this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// Answer of [`ListInstructors`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstructorPage {
    /// This page.
    pub instructors: Vec<Instructor>,
    /// How many match altogether.
    pub total: u64,
    /// Page size.
    pub limit: u32,
    /// Page, from 1.
    pub page: u32,
    /// Whether more follow.
    pub has_more: bool,
}

/// An instructor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Instructor {
    /// The instructor's id.
    pub id: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Discipline.
    pub style: String,
    /// Dan grade.
    pub rank: String,
    /// A few sentences.
    pub bio: String,
    /// City.
    pub city: String,
    /// State, two letters.
    pub state: String,
    /// Years of teaching.
    pub years_experience: u32,
    /// Mean rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<f64>,
}
