//! Where a profile is from.

use std::path::{Path, PathBuf};

use fixtures::profiles::{self, Profile, ProfileError};

use super::calibration::{self, NotMet};

/// Where a profile is from, with its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// A program made it: there is no text.
    #[default]
    Given,
    /// It is shipped with the mock.
    Shipped(&'static str),
    /// A file, which is followed: when it changes, so does the profile.
    File {
        /// Where it is.
        path: PathBuf,
        /// What it said.
        text: String,
    },
    /// Somebody sent it to the admin API.
    Sent(String),
}

/// A profile could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Neither a name nor a file.
    #[error("profile `{name}` is none of {known} and cannot be read as a file", known = names())]
    Missing { name: String, source: std::io::Error },
    /// The file is gone.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// It says something wrong.
    #[error("{place}, {fault}")]
    Wrong { place: String, fault: ProfileError },
}

impl Origin {
    /// The text, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Given => None,
            Self::Shipped(text) => Some(text),
            Self::File { text, .. } | Self::Sent(text) => Some(text),
        }
    }

    /// In a word or two.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Given => "given".to_owned(),
            Self::Shipped(_) => "shipped".to_owned(),
            Self::File { path, .. } => path.display().to_string(),
            Self::Sent(_) => "admin".to_owned(),
        }
    }
}

/// The profile with this name, or in this file.
pub(crate) fn read_profile(name: &str) -> Result<(Profile, Origin), Unreadable> {
    match shipped_profile(name) {
        Some(found) => found,
        None => read_file(Path::new(name)).map_err(|error| match error {
            Unreadable::File { source, .. } => Unreadable::Missing { name: name.to_owned(), source },
            other => other,
        }),
    }
}

/// The shipped profile with this name, if there is one.
pub(crate) fn shipped_profile(name: &str) -> Option<Result<(Profile, Origin), Unreadable>> {
    let text = profiles::shipped(name)?;
    let profile =
        parse(text).map_err(|fault| Unreadable::Wrong { place: format!("profile `{name}`"), fault });
    Some(profile.map(|profile| (profile, Origin::Shipped(text))))
}

/// The profile in this file.
pub(crate) fn read_file(path: &Path) -> Result<(Profile, Origin), Unreadable> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Unreadable::File { path: path.to_owned(), source })?;
    let profile =
        parse(&text).map_err(|fault| Unreadable::Wrong { place: path.display().to_string(), fault })?;
    Ok((profile, Origin::File { path: path.to_owned(), text }))
}

/// Reads a profile for the routes of the contract.
pub(crate) fn parse(text: &str) -> Result<Profile, ProfileError> {
    let known: Vec<&str> = contract::measured_routes().collect();
    profiles::parse(text, &known)
}

/// A profile as the model wants it: percentiles that were seen at load become those of a route alone, by draws from
/// `seed`.
pub(crate) fn calibrated(stated: &Profile, seed: u64) -> Result<Profile, NotMet> {
    let known: Vec<&str> = contract::measured_routes().collect();
    calibration::calibrate(stated, seed, &known)
}

fn names() -> String {
    profiles::SHIPPED.map(|(name, _)| name).join(", ")
}
