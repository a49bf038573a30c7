//! Configuration errors: each names a key and its origin.

use std::path::PathBuf;

/// Why a configuration is refused. No variant repeats a value, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An unknown key, or a key with an invalid value.
    #[error("configuration key `{key}` ({origin}): {problem}")]
    Key {
        /// The key with its section, such as `database.url` or `sms.providers[0].from`.
        key: String,
        /// The origin of the value.
        origin: String,
        /// What is wrong, finishing "this key".
        problem: String,
    },
    /// A missing key that this command requires.
    #[error("configuration key `{key}` is missing: {problem}")]
    Missing {
        /// The key with its section.
        key: &'static str,
        /// Why the key is required, and how to set it.
        problem: &'static str,
    },
    /// The file of `--config` cannot be read, or is not TOML.
    #[error("failed to read the configuration file {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause, with the line if it is known.
        problem: String,
    },
}

impl ConfigError {
    pub(super) fn key(key: &str, origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key { key: key.to_owned(), origin: origin.into(), problem: problem.into() }
    }
}
