//! The schema of the configuration file: every key by section, and no other.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use dispatcher::DomainLimits;
use domain::proof::{NoteError, VerifierKey};
use figment::Figment;
use figment::error::{Actual, Kind};
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::error::ConfigError;
use super::layers::origin_of;
use super::providers::{self, RawEmailProvider, RawSmsProvider};
use super::secret::Secret;
use super::secrets::Secrets;
use super::sections::{Config, DataFolder, Database, Dns, Doubts, Log, Proof, Server, Simulator};

/// The sensible numbers of connections to PostgreSQL: the relay, the projections and the leaders' locks need a few of
/// their own.
const CONNECTIONS: std::ops::RangeInclusive<u32> = 4..=1_000;

/// The times after which a doubt may be sent again, in seconds.
const RESEND_AFTER_S: std::ops::RangeInclusive<u32> = 60..=86_400;

/// All sections of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    server: Server,
    data: DataFolder,
    keys: RawKeys,
    proof: RawProof,
    database: RawDatabase,
    nats: RawNats,
    email: RawEmail,
    sms: RawSms,
    doubts: Doubts,
    dns: Dns,
    simulator: Simulator,
    log: Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    master: Option<Secret<String>>,
    master_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProof {
    key: Option<Secret<String>>,
    key_file: Option<PathBuf>,
    origin: Option<String>,
    former_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDatabase {
    url: Option<Secret<String>>,
    url_file: Option<PathBuf>,
    max_connections: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNats {
    url: Option<Secret<String>>,
    url_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEmail {
    providers: Vec<RawEmailProvider>,
    #[serde(default)]
    domains: BTreeMap<String, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSms {
    currency: String,
    providers: Vec<RawSmsProvider>,
}

impl Raw {
    pub(super) fn extract(figment: &Figment) -> Result<Self, ConfigError> {
        figment.extract().map_err(|error| named(figment, error))
    }
}

impl Config {
    pub(super) fn checked(raw: Raw, secrets: &Secrets<'_>) -> Result<Self, ConfigError> {
        let master = secrets.one_of("keys.master", raw.keys.master, raw.keys.master_file)?;
        let proof_key = secrets.one_of("proof.key", raw.proof.key, raw.proof.key_file)?;
        let database_url = secrets.one_of("database.url", raw.database.url, raw.database.url_file)?;
        let nats_url = secrets.one_of("nats.url", raw.nats.url, raw.nats.url_file)?;
        let check = Check(secrets);
        check.public_url(raw.server.public_url.as_ref())?;
        check.schemes("database.url", database_url.as_ref(), &["postgres", "postgresql"])?;
        check.schemes("nats.url", nats_url.as_ref(), &["nats", "tls", "ws", "wss"])?;
        check.connections(raw.database.max_connections)?;
        check.log_level(&raw.log.level)?;
        check.currency(&raw.sms.currency)?;
        check.resend_after(raw.doubts.resend_operational_after_seconds)?;
        Ok(Self {
            master_key: master.map(|master| check.key("keys.master", &master)).transpose()?,
            proof: Proof {
                key: proof_key.map(|key| check.key("proof.key", &key)).transpose()?,
                origin: raw.proof.origin.map(|origin| check.read("proof.origin", &origin)).transpose()?,
                former_keys: check.former_keys(&raw.proof.former_keys)?,
            },
            email_providers: providers::email(raw.email.providers, secrets)?,
            email_domains: check.email_domains(raw.email.domains)?,
            currency: raw.sms.currency,
            sms_providers: providers::sms(raw.sms.providers, secrets)?,
            server: raw.server,
            data: raw.data,
            database: Database { url: database_url, max_connections: raw.database.max_connections },
            nats_url,
            doubts: raw.doubts,
            dns: raw.dns,
            simulator: raw.simulator,
            log: raw.log,
        })
    }
}

/// The checks beyond types.
struct Check<'a>(&'a Secrets<'a>);

impl Check<'_> {
    fn public_url(&self, url: Option<&Url>) -> Result<(), ConfigError> {
        let is_bare = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
        };
        match url {
            Some(url) if !is_bare(url) => self.refuse(
                "server.public_url",
                "must be https://host, or http:// for a trial, and end after the host",
            ),
            _ => Ok(()),
        }
    }

    fn schemes(&self, key: &str, urls: Option<&Secret<String>>, schemes: &[&str]) -> Result<(), ConfigError> {
        let is_good = |url: &str| {
            Url::parse(url.trim()).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host())
        };
        match urls {
            Some(urls) if !urls.expose().split(',').all(is_good) => {
                self.refuse(key, format!("must be a URL that begins with {}://", schemes.join(":// or ")))
            }
            _ => Ok(()),
        }
    }

    fn connections(&self, connections: u32) -> Result<(), ConfigError> {
        if CONNECTIONS.contains(&connections) {
            return Ok(());
        }
        let range = format!("must be from {} to {}", CONNECTIONS.start(), CONNECTIONS.end());
        self.refuse("database.max_connections", range)
    }

    fn resend_after(&self, seconds: Option<u32>) -> Result<(), ConfigError> {
        if seconds.is_none_or(|seconds| RESEND_AFTER_S.contains(&seconds)) {
            return Ok(());
        }
        let range = format!("must be from {} to {}", RESEND_AFTER_S.start(), RESEND_AFTER_S.end());
        self.refuse("doubts.resend_operational_after_seconds", range)
    }

    /// Refuses a bare word that is no level. The filter would take it for the name of a module, and log next to
    /// nothing.
    fn log_level(&self, level: &str) -> Result<(), ConfigError> {
        let is_level = |text: &str| !text.trim().is_empty() && text.trim().parse::<LevelFilter>().is_ok();
        let is_good = |directive: &str| match directive.split_once('=') {
            Some((part, level)) => !part.trim().is_empty() && is_level(level),
            None => is_level(directive),
        };
        if level.split(',').all(is_good) {
            return Ok(());
        }
        self.refuse(
            "log.level",
            "must be a level such as info, or levels by part such as info,dispatcher=debug",
        )
    }

    fn currency(&self, code: &str) -> Result<(), ConfigError> {
        match code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            true => Ok(()),
            false => self.refuse("sms.currency", "must be a currency of ISO 4217, such as USD"),
        }
    }

    fn email_domains(&self, limits: BTreeMap<String, u32>) -> Result<DomainLimits, ConfigError> {
        DomainLimits::try_new(limits).or_else(|error| self.refuse("email.domains", error.to_string()))
    }

    fn key<const BYTES: usize>(
        &self,
        name: &str,
        digits: &Secret<String>,
    ) -> Result<Secret<[u8; BYTES]>, ConfigError> {
        let mut key = [0; BYTES];
        match hex::decode_to_slice(digits.expose(), &mut key) {
            Ok(()) => Ok(Secret::new(key)),
            Err(_) => self.refuse(name, format!("must be {} hexadecimal digits ({BYTES} bytes)", 2 * BYTES)),
        }
    }

    fn former_keys(&self, keys: &[String]) -> Result<Vec<VerifierKey>, ConfigError> {
        let keys = keys.iter().enumerate();
        keys.map(|(index, key)| self.read(&format!("proof.former_keys[{index}]"), key)).collect()
    }

    fn read<T: FromStr<Err = NoteError>>(&self, key: &str, text: &str) -> Result<T, ConfigError> {
        text.parse().or_else(|error: NoteError| self.refuse(key, format!("cannot be used: {error}")))
    }

    fn refuse<T>(&self, key: &str, problem: impl Into<String>) -> Result<T, ConfigError> {
        Err(self.0.wrong(key, problem))
    }
}

/// figment's error with the full key and the origin of that key. Values are omitted: they may be secrets.
fn named(figment: &Figment, error: figment::Error) -> ConfigError {
    let mut path = error.path.clone();
    let problem = match &error.kind {
        Kind::UnknownField(field, known) => {
            // The path may already end with the name.
            if path.last() != Some(field) {
                path.push(field.clone());
            }
            format!("is unknown; known here: {}", known.join(", "))
        }
        Kind::MissingField(field) => {
            path.push(field.clone().into_owned());
            "is missing".to_owned()
        }
        Kind::InvalidType(found, wanted) => format!("must be {wanted}, not {}", kind_of(found)),
        Kind::InvalidValue(_, wanted) => format!("must be {wanted}"),
        Kind::UnknownVariant(_, known) => format!("must be one of: {}", known.join(", ")),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "is out of range".to_owned(),
        other => format!("cannot be used: {other}"),
    };
    let origin = error.metadata.as_ref().map(|metadata| metadata.name.clone().into_owned());
    let origin = nearest_origin(figment, &path).or(origin).unwrap_or_else(|| "in the manual".to_owned());
    ConfigError::key(&written(&path), origin, problem)
}

/// The origin of the key, or of its nearest parent: entries of a list have no origin of their own.
fn nearest_origin(figment: &Figment, path: &[String]) -> Option<String> {
    (1..=path.len())
        .rev()
        .find_map(|length| origin_of(figment, &path[..length].join(".")).map(|(_, origin)| origin))
}

/// The key as people write it: `sms.providers.0.from` becomes `sms.providers[0].from`.
fn written(path: &[String]) -> String {
    let mut key = String::new();
    for part in path {
        match part.parse::<usize>() {
            Ok(index) => key.push_str(&format!("[{index}]")),
            Err(_) if key.is_empty() => key.push_str(part),
            Err(_) => key.push_str(&format!(".{part}")),
        }
    }
    key
}

fn kind_of(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}
