//! The configured providers of e-mail and SMS. The dispatcher checks URLs and senders.

use std::collections::HashSet;
use std::path::PathBuf;

use dispatcher::provider::TlsMode;
use serde::Deserialize;

use super::error::ConfigError;
use super::secret::Secret;
use super::secrets::Secrets;

/// One `[[email.providers]]`.
#[derive(Debug, Clone)]
pub struct EmailProvider {
    /// The name in logs and attempts; unique in its list.
    pub name: String,
    /// `smtp://user:password@host:port` or `smtps://…`
    pub url: Secret<String>,
    /// The sender of every e-mail.
    pub from: String,
    /// The most open connections.
    pub connections: u32,
    /// The most e-mails per second; 0 for no limit.
    pub rate_per_second: u32,
    /// The name for EHLO. By default the host of the public address, else the address of the connection.
    pub helo_name: Option<String>,
    /// Whether STARTTLS is required.
    pub tls: Option<TlsMode>,
    /// The content of `ca_file`.
    pub ca_file: Option<Vec<u8>>,
    /// The pinned SHA-256 fingerprints of the server's certificate.
    pub certificate_sha256: Vec<String>,
}

/// One `[[sms.providers]]`.
#[derive(Debug, Clone)]
pub struct SmsProvider {
    /// The name in logs and attempts; unique in its list.
    pub name: String,
    /// The dialect of the API.
    pub kind: SmsKind,
    /// The base URL of the API.
    pub base_url: String,
    /// The account id.
    pub account: String,
    /// The account's secret token.
    pub secret: Secret<String>,
    /// The sender of every SMS.
    pub from: String,
    /// The most requests in flight.
    pub connections: u32,
    /// The most messages per second; 0 for no limit.
    pub rate_per_second: u32,
    /// Whether it carries Unicode.
    pub unicode: bool,
}

/// The dialects of SMS APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsKind {
    /// Twilio's, and that of compatible APIs.
    Twilio,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEmailProvider {
    name: String,
    url: Option<Secret<String>>,
    url_file: Option<PathBuf>,
    from: String,
    #[serde(default = "email_connections")]
    connections: u32,
    #[serde(default)]
    rate_per_second: u32,
    helo_name: Option<String>,
    tls: Option<TlsMode>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    certificate_sha256: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSmsProvider {
    name: String,
    kind: SmsKind,
    base_url: String,
    account: String,
    secret: Option<Secret<String>>,
    secret_file: Option<PathBuf>,
    from: String,
    #[serde(default = "sms_connections")]
    connections: u32,
    #[serde(default)]
    rate_per_second: u32,
    #[serde(default = "unicode")]
    unicode: bool,
}

/// The manual's default.
const fn email_connections() -> u32 {
    8
}

/// The manual's default.
const fn sms_connections() -> u32 {
    32
}

/// The manual's default.
const fn unicode() -> bool {
    true
}

pub(super) fn email(
    raw: Vec<RawEmailProvider>,
    secrets: &Secrets<'_>,
) -> Result<Vec<EmailProvider>, ConfigError> {
    let mut names = Names::new("email.providers", secrets);
    raw.into_iter()
        .map(|raw| {
            let entry = names.next(&raw.name)?;
            Ok(EmailProvider {
                url: secrets.one_of_entry(&entry, "url", raw.url, raw.url_file)?,
                name: raw.name,
                from: raw.from,
                connections: raw.connections,
                rate_per_second: raw.rate_per_second,
                helo_name: raw.helo_name,
                tls: raw.tls,
                ca_file: secrets.file_of_entry(&entry, "ca_file", raw.ca_file)?,
                certificate_sha256: raw.certificate_sha256,
            })
        })
        .collect()
}

pub(super) fn sms(raw: Vec<RawSmsProvider>, secrets: &Secrets<'_>) -> Result<Vec<SmsProvider>, ConfigError> {
    let mut names = Names::new("sms.providers", secrets);
    raw.into_iter()
        .map(|raw| {
            let entry = names.next(&raw.name)?;
            Ok(SmsProvider {
                secret: secrets.one_of_entry(&entry, "secret", raw.secret, raw.secret_file)?,
                name: raw.name,
                kind: raw.kind,
                base_url: raw.base_url,
                account: raw.account,
                from: raw.from,
                connections: raw.connections,
                rate_per_second: raw.rate_per_second,
                unicode: raw.unicode,
            })
        })
        .collect()
}

/// Checks the names of one list: each must be set and unique, because attempts and circuit breakers are identified by
/// them.
struct Names<'a> {
    list: &'static str,
    secrets: &'a Secrets<'a>,
    seen: HashSet<String>,
    count: usize,
}

impl<'a> Names<'a> {
    fn new(list: &'static str, secrets: &'a Secrets<'a>) -> Self {
        Self { list, secrets, seen: HashSet::new(), count: 0 }
    }

    /// The key of the next entry, after its name is checked.
    fn next(&mut self, name: &str) -> Result<String, ConfigError> {
        let entry = format!("{}[{}]", self.list, self.count);
        self.count += 1;
        let wrong = |problem: &str| Err(self.secrets.wrong(&format!("{entry}.name"), problem));
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return wrong("must not be empty, nor hold control characters");
        }
        if !self.seen.insert(name.to_owned()) {
            return wrong("is given twice: each provider of a channel has a name of its own");
        }
        Ok(entry)
    }
}
