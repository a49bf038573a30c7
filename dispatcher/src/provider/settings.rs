//! The settings that all providers share, and the error of invalid ones.

use std::fmt;

use domain::value::Channel;

/// The most connections one provider may have in a process.
pub const MAX_CONNECTIONS: u32 = 1_000;
/// The most sends a second a limit can express.
pub const MAX_RATE_PER_SECOND: u32 = 1_000_000;

/// A provider's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{channel}.providers \"{name}\": {key} {reason}")]
pub struct SettingsError {
    /// The channel, which names the section of the configuration file.
    pub channel: Channel,
    /// The provider's name.
    pub name: String,
    /// The key at fault, as it stands in the configuration file.
    pub key: &'static str,
    /// What is wrong with it, without the value, which may be a secret.
    pub reason: &'static str,
}

/// A value that does not print.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Checks the settings that every provider has.
pub(super) fn limits(
    name: &str,
    connections: u32,
    rate_per_second: u32,
    wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
) -> Result<(), SettingsError> {
    if name.trim().is_empty() {
        return Err(wrong("name", "must not be empty"));
    }
    if !(1..=MAX_CONNECTIONS).contains(&connections) {
        return Err(wrong("connections", "must be from 1 to 1000"));
    }
    if rate_per_second > MAX_RATE_PER_SECOND {
        return Err(wrong("rate_per_second", "must be from 0 (no limit) to 1000000"));
    }
    Ok(())
}
