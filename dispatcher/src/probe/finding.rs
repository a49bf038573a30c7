//! One line of what was looked at: how it is, what was seen, and what to do.

use serde::Serialize;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, or cannot be known; an operator should look.
    Warning,
    /// Something does not work.
    Fault,
}

/// One line. It has no secret and no address of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, such as `email.principal.tls`. It stays the same from run to run.
    pub check: String,
    /// How it is.
    pub level: Level,
    /// What was seen.
    pub seen: String,
    /// What to do; none if all is well.
    pub advice: Option<String>,
}

impl Finding {
    /// A line that needs nothing.
    pub fn ok(check: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Ok, seen: seen.into(), advice: None }
    }

    /// A line that an operator should read.
    pub fn warning(check: impl Into<String>, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Warning, seen: seen.into(), advice: Some(advice.into()) }
    }

    /// A line about something that does not work.
    pub fn fault(check: impl Into<String>, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Fault, ..Self::warning(check, seen, advice) }
    }
}
