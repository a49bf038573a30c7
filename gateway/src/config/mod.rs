//! The configuration: merged from a built-in manual, a file and the environment, and checked key by key.

mod error;
mod layers;
mod providers;
mod raw;
mod secret;
mod secrets;
mod sections;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::Path;

pub use error::ConfigError;
pub use secret::Secret;
pub use sections::{
    Config, DataFolder, Database, Dns, Doubts, Log, LogFormat, MASTER_KEY_BYTES, PROOF_KEY_BYTES, Proof,
    Server, Simulator,
};

use raw::Raw;
use secrets::Secrets;

impl Config {
    /// Merges the manual, the file and the environment (`std::env::vars_os()`), the later over the earlier.
    ///
    /// # Errors
    /// The first unknown key or invalid value, with its origin.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let figment = layers::layers(file, environment)?;
        let raw = Raw::extract(&figment)?;
        Self::checked(raw, &Secrets::of(&figment))
    }

    /// The manual: a TOML file of every key with its meaning and default.
    #[must_use]
    pub const fn manual() -> &'static str {
        layers::MANUAL
    }

    /// Checks the keys that `serve` requires or forbids.
    ///
    /// # Errors
    /// A missing key, an enabled simulator, or a public address that is not https.
    pub fn validate_for_serve(&self) -> Result<(), ConfigError> {
        if self.simulator.enabled == Some(true) {
            return Err(ConfigError::key(
                "simulator.enabled",
                "true",
                "is refused by `serve`, which sends for good: configure providers, or run `mensajeria dev`",
            ));
        }
        self.require_https()?;
        let needed: [(bool, &'static str, &'static str); 4] = [
            (self.master_key.is_some(), "keys.master", NEEDS_MASTER),
            (self.proof.key.is_some(), "proof.key", NEEDS_PROOF),
            (self.database.url.is_some(), "database.url", NEEDS_DATABASE),
            (self.nats_url.is_some(), "nats.url", NEEDS_NATS),
        ];
        match needed.into_iter().find(|(is_given, _, _)| !is_given) {
            Some((_, key, problem)) => Err(ConfigError::Missing { key, problem }),
            None => Ok(()),
        }
    }

    fn require_https(&self) -> Result<(), ConfigError> {
        match &self.server.public_url {
            None => Err(ConfigError::Missing { key: "server.public_url", problem: NEEDS_PUBLIC_URL }),
            Some(url) if url.scheme() != "https" => Err(ConfigError::key(
                "server.public_url",
                url.as_str(),
                "must begin with https:// for `serve`: browsers keep its cookies only then",
            )),
            Some(_) => Ok(()),
        }
    }
}

const NEEDS_MASTER: &str = "`serve` seals personal data under it. Make one with `openssl rand -hex 32`, keep a copy, \
                            and name its file in keys.master_file or MENSAJERIA__KEYS__MASTER_FILE";
const NEEDS_PROOF: &str = "`serve` signs the checkpoints of the log with it. Make one with `openssl rand -hex 32`, keep a \
                           copy, and name its file in proof.key_file or MENSAJERIA__PROOF__KEY_FILE";
const NEEDS_DATABASE: &str =
    "`serve` runs no PostgreSQL of its own. Set database.url, database.url_file or DATABASE_URL";
const NEEDS_NATS: &str = "`serve` runs no nats-server of its own. Set nats.url, nats.url_file or NATS_URL";
const NEEDS_PUBLIC_URL: &str = "`serve` needs the https address that browsers and providers reach it by. Set \
                                server.public_url or MENSAJERIA__SERVER__PUBLIC_URL";
