//! Where settings come from: a flag wins over a variable of the environment, that over the settings file.

use std::collections::HashMap;
use std::path::Path;

use crate::error::SeedError;

/// The settings file, looked for in the working directory.
pub const FILE: &str = ".env.load-tests";

/// The names that the seeder, the mock or the load generator reads.
pub const KNOWN: [&str; 14] = [
    "MOCK_URL",
    "MOCK_ADMIN_TOKEN",
    "LOCAL_DATABASE_URL",
    "LOCAL_REDIS_URL",
    "STAGING_DATABASE_URL",
    "STAGING_REDIS_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_API_BASE",
    "STRIPE_WEBHOOK_SECRET",
    "ZERODB_API_BASE_URL",
    "ZERODB_PROJECT_ID",
    "ZERODB_API_KEY",
    "ZERODB_EMAIL",
    "ZERODB_PASSWORD",
];

/// Variables and the settings file.
#[derive(Debug, Default)]
pub struct Settings {
    file: HashMap<String, String>,
}

impl Settings {
    /// Reads the settings file: this one, or [`FILE`] if it is there.
    pub fn read(named: Option<&Path>) -> Result<Self, SeedError> {
        let path = named.unwrap_or(Path::new(FILE));
        if named.is_none() && !path.exists() {
            return Ok(Self::default());
        }
        let fault = |what: &dyn std::fmt::Display| {
            SeedError::Setting(format!("the settings file {}: {what}", path.display()))
        };
        let lines = dotenvy::from_path_iter(path).map_err(|error| fault(&error))?;
        let file: HashMap<String, String> =
            lines.collect::<Result<_, _>>().map_err(|error| fault(&Unreadable(error)))?;
        for name in file.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            eprintln!("note: the settings file {} has {name}, which nothing here reads", path.display());
        }
        Ok(Self { file })
    }

    /// What `flag` says, else the variable, else the file; an empty one says nothing.
    pub fn get(&self, flag: Option<&str>, variable: &str) -> Option<String> {
        let from_environment = || std::env::var(variable).ok().filter(|text| !text.is_empty());
        let from_file = || self.file.get(variable).cloned().filter(|text| !text.is_empty());
        flag.map(str::to_owned).or_else(from_environment).or_else(from_file)
    }
}

/// A line of the settings file that is none, told without repeating it whole: it may hold a secret.
struct Unreadable(dotenvy::Error);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            dotenvy::Error::LineParse(line, at) => {
                let name: String = line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                write!(f, "the line that begins `{name}` is not NAME=value (character {at})")
            }
            other => write!(f, "{other}"),
        }
    }
}
