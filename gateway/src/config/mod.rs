//! The configuration: merged from a built-in manual, a file and the environment, and checked key by key.

mod error;
mod layers;
mod providers;
mod raw;
mod secret;
mod secrets;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

pub use error::ConfigError;
pub use providers::{EmailProvider, SmsKind, SmsProvider};
pub use secret::Secret;

use raw::Raw;
use secrets::Secrets;

/// The whole configuration, with every secret read and every value checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[data]`
    pub data: DataFolder,
    /// `[keys] master`: 32 bytes.
    pub master_key: Option<Secret<[u8; MASTER_KEY_BYTES]>>,
    /// `[database]`
    pub database: Database,
    /// `[nats] url`: one server, or several separated by commas.
    pub nats_url: Option<Secret<String>>,
    /// `[[email.providers]]`, in order of preference.
    pub email_providers: Vec<EmailProvider>,
    /// `[[sms.providers]]`, in order of preference.
    pub sms_providers: Vec<SmsProvider>,
    /// `[simulator]`
    pub simulator: Simulator,
    /// `[log]`
    pub log: Log,
}

/// The length of the master key, in bytes.
pub const MASTER_KEY_BYTES: usize = 32;

/// The sensible numbers of connections to PostgreSQL: the relay, the projections and the leaders' locks need a few of
/// their own.
const CONNECTIONS: std::ops::RangeInclusive<u32> = 4..=1_000;

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The address and port to listen on; port 0 takes a free port.
    pub listen: SocketAddr,
    /// A separate address and port for `/livez`, `/readyz` and `/metrics`; port 0 takes a free port.
    pub admin_listen: Option<SocketAddr>,
    /// The public address of the server.
    pub public_url: Option<Url>,
    /// The trusted proxies: their `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// `[data]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFolder {
    /// The folder for everything kept outside the database; see [`DataFolder::or_default`].
    pub dir: Option<PathBuf>,
}

/// `[database]`
#[derive(Debug, Clone)]
pub struct Database {
    /// `postgres://…`
    pub url: Option<Secret<String>>,
    /// The most connections of this process, 4–1000.
    pub max_connections: u32,
}

/// `[simulator]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulator {
    /// Whether a channel without a provider is simulated; without a value `dev` does and `serve` does not.
    pub enabled: Option<bool>,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Text or JSON.
    pub format: LogFormat,
    /// A filter such as `info,dispatcher=debug`.
    pub level: String,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

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
        let needed: [(bool, &'static str, &'static str); 3] = [
            (self.master_key.is_some(), "keys.master", NEEDS_MASTER),
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
const NEEDS_DATABASE: &str =
    "`serve` runs no PostgreSQL of its own. Set database.url, database.url_file or DATABASE_URL";
const NEEDS_NATS: &str = "`serve` runs no nats-server of its own. Set nats.url, nats.url_file or NATS_URL";
const NEEDS_PUBLIC_URL: &str = "`serve` needs the https address that browsers and providers reach it by. Set \
                                server.public_url or MENSAJERIA__SERVER__PUBLIC_URL";

impl DataFolder {
    /// The folder configured, or `$XDG_DATA_HOME/mensajeria`, or as root `/var/lib/mensajeria`, or
    /// `~/.local/share/mensajeria`. `variable` reads the environment (`std::env::var_os`).
    pub fn or_default(&self, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
        let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let general = || folder("XDG_DATA_HOME").map(|data| data.join("mensajeria"));
        let home = || {
            folder("HOME").or_else(|| folder("USERPROFILE")).map(|home| home.join(".local/share/mensajeria"))
        };
        let own = || if embedded::is_root() { None } else { home() };
        self.dir.clone().or_else(general).or_else(own).unwrap_or_else(|| "/var/lib/mensajeria".into())
    }
}
