//! The sections of the configuration, as the program uses them.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use dispatcher::DomainLimits;
use dispatcher::provider::{SmsSettings, SmtpSettings};
use domain::proof::{Origin, VerifierKey};
use projections::proof::SigningKey;
use serde::Deserialize;
use url::Url;

use super::secret::Secret;

/// The whole configuration, with every secret read and every value checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[data]`
    pub data: DataFolder,
    /// `[keys] master`: 32 bytes.
    pub master_key: Option<Secret<[u8; MASTER_KEY_BYTES]>>,
    /// `[proof]`
    pub proof: Proof,
    /// `[database]`
    pub database: Database,
    /// `[nats] url`: one server, or several separated by commas.
    pub nats_url: Option<Secret<String>>,
    /// `[[email.providers]]`, in order of preference.
    pub email_providers: Vec<SmtpSettings>,
    /// `[email.domains]`
    pub email_domains: DomainLimits,
    /// `[sms] currency`: of all prices, as ISO 4217.
    pub currency: String,
    /// `[[sms.providers]]`, in order of preference.
    pub sms_providers: Vec<SmsSettings>,
    /// `[doubts]`
    pub doubts: Doubts,
    /// `[dns]`
    pub dns: Dns,
    /// `[simulator]`
    pub simulator: Simulator,
    /// `[log]`
    pub log: Log,
}

/// The length of the master key, in bytes.
pub const MASTER_KEY_BYTES: usize = 32;

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

/// `[proof]`
#[derive(Debug, Clone)]
pub struct Proof {
    /// The secret key that checkpoints are signed with: 32 bytes.
    pub key: Option<Secret<[u8; PROOF_KEY_BYTES]>>,
    /// The name of the log, if it is not to follow from its id.
    pub origin: Option<Origin>,
    /// The public keys that have signed before.
    pub former_keys: Vec<VerifierKey>,
}

impl Proof {
    /// The key that signs.
    pub fn signing_key(&self) -> Option<SigningKey> {
        self.key.as_ref().map(|key| SigningKey::new(*key.expose()))
    }
}

/// The length of the secret key of checkpoints, in bytes.
pub const PROOF_KEY_BYTES: usize = 32;

/// `[database]`
#[derive(Debug, Clone)]
pub struct Database {
    /// `postgres://…`
    pub url: Option<Secret<String>>,
    /// The most connections of this process, 4–1000.
    pub max_connections: u32,
}

/// `[doubts]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doubts {
    /// After how many seconds an operational delivery in doubt is sent again, 60–86,400; never without a value.
    pub resend_operational_after_seconds: Option<u32>,
}

/// `[dns]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// The server that `doctor` and the limits of domains ask, instead of those of the system.
    pub server: Option<SocketAddr>,
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
