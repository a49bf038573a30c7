//! What a configured provider consists of, and what is wrong with it when it cannot be used.

use std::fmt;
use std::net::IpAddr;

use lettre::message::Mailbox;
use url::Url;

use super::email;
use super::email::helo::helo_name;
use super::email::security::{CertificateTrust, Tls, TlsMode, TlsSettings};

/// The most connections one provider may have in a process.
pub const MAX_CONNECTIONS: u32 = 1_000;
/// The most sends a second a limit can express.
pub const MAX_RATE_PER_SECOND: u32 = 1_000_000;

const HELO_NAME: &str =
    "must be a full host name with a dot, such as mensajes.example.com, or an address in brackets";

/// One `[[email.providers]]` as it stands in the configuration.
#[derive(Clone)]
pub struct SmtpSettings {
    /// How logs and attempts name it.
    pub name: String,
    /// `smtp://user:password@host:port` (STARTTLS when offered, and needed for a password that leaves this machine) or
    /// `smtps://…` (TLS from the start).
    pub url: String,
    /// The sender, `Name <address>` or an address.
    pub from: String,
    /// How many connections are used at once, 1–1,000.
    pub connections: u32,
    /// The most sends a second; 0 for no limit.
    pub rate_per_second: u32,
    /// What we call ourselves at EHLO, as [`helo_name`] takes it. Without it, this end's address.
    pub helo_name: Option<String>,
    /// Whether STARTTLS is needed. Without it, if a certificate is named below or there is a password to send.
    pub tls: Option<TlsMode>,
    /// What `ca_file` holds: in PEM, the only authorities that the server's certificate may come from.
    pub ca_file: Option<Vec<u8>>,
    /// SHA-256 fingerprints, in hexadecimal, of the only certificates that the server may have.
    pub certificate_sha256: Vec<String>,
}

/// One `[[sms.providers]]` of kind `twilio` as it stands in the configuration.
#[derive(Clone)]
pub struct TwilioSettings {
    /// How logs and attempts name it.
    pub name: String,
    /// Where the API is, without `/2010-04-01`.
    pub base_url: String,
    /// The account's sid, `AC…`.
    pub account: String,
    /// The account's token, the password of basic authentication.
    pub secret: String,
    /// A number, an alphanumeric sender, or a messaging service's sid `MG…`.
    pub from: String,
    /// How many requests are under way at once, 1–1,000.
    pub connections: u32,
    /// The most sends a second; 0 for no limit.
    pub rate_per_second: u32,
    /// Where the provider reports later; `delivery=<our delivery id>` is added to its query.
    pub status_callback: Option<String>,
}

/// A provider's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{section}.providers \"{name}\": {key} {reason}")]
pub struct SettingsError {
    /// `email` or `sms`.
    pub section: &'static str,
    /// The provider's name.
    pub name: String,
    /// The key at fault, as it stands in the configuration file.
    pub key: &'static str,
    /// What is wrong with it; the value itself is not repeated, it may be a secret.
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

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for TwilioSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where an SMTP server is and how to speak to it.
#[derive(Debug, Clone)]
pub(super) struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) trust: CertificateTrust,
    pub(super) credentials: Option<(String, Secret)>,
    pub(super) from: Mailbox,
    pub(super) helo_name: Option<String>,
}

impl SmtpServer {
    /// Whether there is no password to be told, or the server is this very machine, so that no network lies between. Somebody
    /// on a network may have struck STARTTLS out of what the server offers: then neither password nor mail is given.
    pub(super) fn may_do_without_tls(&self) -> bool {
        let is_here = self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        self.credentials.is_none() || is_here
    }

    /// What protects the mails on their way, in words for an operator.
    pub(super) fn protection(&self) -> String {
        match self.tls {
            Tls::Never => Tls::Never.to_string(),
            Tls::WhenOffered if !self.may_do_without_tls() => format!("{}, {}", Tls::Required, self.trust),
            tls => format!("{tls}, {}", self.trust),
        }
    }
}

/// Where a Twilio-like API is and who asks.
#[derive(Debug, Clone)]
pub(super) struct TwilioAccount {
    pub(super) messages_url: Url,
    pub(super) account: String,
    pub(super) secret: Secret,
    pub(super) from: TwilioSender,
    pub(super) status_callback: Option<Url>,
}

/// Twilio takes a number or a pool of numbers, under different names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TwilioSender {
    From(String),
    MessagingService(String),
}

impl SmtpSettings {
    /// A server with one connection, no limit, and everything else as it is without a key.
    pub fn new(name: impl Into<String>, url: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            from: from.into(),
            connections: 1,
            rate_per_second: 0,
            helo_name: None,
            tls: None,
            ca_file: None,
            certificate_sha256: Vec::new(),
        }
    }

    pub(super) fn parse(&self) -> Result<SmtpServer, SettingsError> {
        let wrong = self.wrong();
        limits(&self.name, self.connections, self.rate_per_second, &wrong)?;
        let from = sender(&self.from).ok_or(wrong("from", "must be an address or Name <address>"))?;
        let url = Url::parse(&self.url)
            .map_err(|_| wrong("url", "must be smtp://host:port or smtps://host:port"))?;
        let (from_the_start, port) = match url.scheme() {
            "smtp" => (false, 25),
            "smtps" => (true, 465),
            _ => return Err(wrong("url", "must begin with smtp:// or smtps://")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(wrong("url", "must name a host"))?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("url", "must end after the port"));
        }
        let (tls, trust) = self.tls_settings(from_the_start).parse().map_err(|(key, why)| wrong(key, why))?;
        let server = SmtpServer {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            tls,
            trust,
            credentials: credentials(&url).map_err(|reason| wrong("url", reason))?,
            from,
            helo_name: self.own_name().ok_or(wrong("helo_name", HELO_NAME))?,
        };
        if server.tls == Tls::Never && !server.may_do_without_tls() {
            return Err(wrong(
                "tls",
                "must not be none: the password in url leaves this machine under TLS only",
            ));
        }
        Ok(server)
    }

    fn tls_settings(&self, from_the_start: bool) -> TlsSettings<'_> {
        TlsSettings {
            from_the_start,
            tls: self.tls,
            ca_file: self.ca_file.as_deref(),
            certificate_sha256: &self.certificate_sha256,
        }
    }

    /// The name to say at EHLO, if there is one; none if it is no name.
    fn own_name(&self) -> Option<Option<String>> {
        match &self.helo_name {
            Some(name) => helo_name(name).map(Some),
            None => Some(None),
        }
    }

    fn wrong(&self) -> impl Fn(&'static str, &'static str) -> SettingsError {
        |key, reason| SettingsError { section: "email", name: self.name.clone(), key, reason }
    }
}

impl TwilioSettings {
    pub(super) fn parse(&self) -> Result<TwilioAccount, SettingsError> {
        let wrong = |key, reason| SettingsError { section: "sms", name: self.name.clone(), key, reason };
        limits(&self.name, self.connections, self.rate_per_second, &wrong)?;
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_word(&self.account) {
            return Err(wrong("account", "must be the account's sid: letters and digits"));
        }
        if self.secret.is_empty() || self.secret.chars().any(char::is_control) {
            return Err(wrong("secret", "must be the account's token, without line breaks"));
        }
        if self.from.trim().is_empty() || self.from.chars().any(char::is_control) {
            return Err(wrong("from", "must be a number, a sender's name or a messaging service's sid"));
        }
        let base = http_url(&self.base_url)
            .filter(|url| url.query().is_none())
            .ok_or(wrong("base_url", "must begin with https:// or http:// and have no query"))?;
        let messages = format!(
            "{}/2010-04-01/Accounts/{}/Messages.json",
            base.as_str().trim_end_matches('/'),
            self.account
        );
        let callback = self
            .status_callback
            .as_deref()
            .map(|url| http_url(url).ok_or(wrong("status_callback", "must begin with https:// or http://")));
        Ok(TwilioAccount {
            messages_url: Url::parse(&messages).map_err(|_| wrong("base_url", "must be a base for paths"))?,
            account: self.account.clone(),
            secret: Secret::new(&self.secret),
            from: twilio_sender(&self.from),
            status_callback: callback.transpose()?,
        })
    }
}

fn limits(
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

fn sender(text: &str) -> Option<Mailbox> {
    let Mailbox { name, email } = text.parse().ok()?;
    Some(Mailbox::new(name, email::address::parse(email.as_ref())?))
}

fn credentials(url: &Url) -> Result<Option<(String, Secret)>, &'static str> {
    let decode = |text| percent_encoding::percent_decode_str(text).decode_utf8();
    let user = decode(url.username()).map_err(|_| "has a user that is not UTF-8")?;
    let password =
        decode(url.password().unwrap_or_default()).map_err(|_| "has a password that is not UTF-8")?;
    match (user.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some((user.into_owned(), Secret::new(password)))),
        _ => Err("must have both a user and a password, or neither"),
    }
}

fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.fragment().is_none()).then_some(url)
}

fn twilio_sender(from: &str) -> TwilioSender {
    const SID_LENGTH: usize = 34;
    if from.starts_with("MG") && from.len() == SID_LENGTH {
        return TwilioSender::MessagingService(from.to_owned());
    }
    TwilioSender::From(from.to_owned())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
