//! What is wrong with a configuration: always a key, and where it came from.

use std::path::PathBuf;

/// Why a configuration is refused. No variant repeats a value, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key that does not exist, or whose value cannot be used.
    #[error("configuration key `{key}` ({origin}): {problem}")]
    Key {
        /// The key with its section, such as `database.url` or `sms.providers[0].from`.
        key: String,
        /// Where it was given.
        origin: String,
        /// What is wrong, finishing "this key".
        problem: String,
    },
    /// A key that this command cannot do without.
    #[error("configuration key `{key}` is missing: {problem}")]
    Missing {
        /// The key with its section.
        key: &'static str,
        /// Why it is needed, and how to give it.
        problem: &'static str,
    },
    /// The file of `--config` cannot be read, or is not TOML.
    #[error("failed to read the configuration file {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with the line if there is one.
        problem: String,
    },
}

impl ConfigError {
    pub(super) fn key(key: &str, origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key { key: key.to_owned(), origin: origin.into(), problem: problem.into() }
    }
}
