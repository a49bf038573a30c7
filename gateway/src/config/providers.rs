//! Reads the configured providers of e-mail and SMS into the dispatcher's settings, which do not print. The dispatcher
//! checks URLs and senders.

use std::collections::HashSet;
use std::path::PathBuf;

use dispatcher::provider::{SmsApi, SmsSettings, SmtpSettings, TlsMode, TwilioSettings};
use serde::Deserialize;

use super::error::ConfigError;
use super::secret::Secret;
use super::secrets::Secrets;

/// The dialects of SMS APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SmsKind {
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
) -> Result<Vec<SmtpSettings>, ConfigError> {
    let mut names = Names::new("email.providers", secrets);
    raw.into_iter()
        .map(|raw| {
            let entry = names.next(&raw.name)?;
            Ok(SmtpSettings {
                url: secrets.one_of_entry(&entry, "url", raw.url, raw.url_file)?.expose().clone(),
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

pub(super) fn sms(raw: Vec<RawSmsProvider>, secrets: &Secrets<'_>) -> Result<Vec<SmsSettings>, ConfigError> {
    let mut names = Names::new("sms.providers", secrets);
    raw.into_iter()
        .map(|raw| {
            let entry = names.next(&raw.name)?;
            let secret =
                secrets.one_of_entry(&entry, "secret", raw.secret, raw.secret_file)?.expose().clone();
            let RawSmsProvider {
                name,
                kind,
                base_url,
                account,
                from,
                connections,
                rate_per_second,
                unicode,
                ..
            } = raw;
            let api = match kind {
                SmsKind::Twilio => SmsApi::Twilio(TwilioSettings { base_url, account, secret, from }),
            };
            Ok(SmsSettings { name, connections, rate_per_second, status_callback: None, unicode, api })
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
