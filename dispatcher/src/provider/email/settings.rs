//! The settings of a mail server.

use std::fmt;
use std::net::IpAddr;

use domain::value::Channel;
use lettre::message::Mailbox;
use url::Url;

use super::address;
use super::helo::helo_name;
use super::return_path::{RETURN_PATH, ReturnPath};
use super::security::{CertificateTrust, Tls, TlsMode, TlsSettings};
use crate::provider::settings::{Secret, SettingsError, limits};

const HELO_NAME: &str =
    "must be a full host name with a dot, such as mensajes.example.com, or an address in brackets";

/// The shortest key that nobody guesses, in bytes.
const HOOK_KEY_MIN: usize = 16;

const SELECTOR: &str = "must be a name such as s1 or 2026.mail, without _domainkey";

/// One `[[email.providers]]` as it stands in the configuration.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name in logs and attempts.
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
    /// Our name at EHLO, in the form of [`helo_name`]. Without it, the address of this end.
    pub helo_name: Option<String>,
    /// The selector of the DKIM key that the server signs with, for a look at DNS.
    pub dkim_selector: Option<String>,
    /// Whether STARTTLS is required. By default it is if a certificate is named below, or a password leaves this
    /// machine.
    pub tls: Option<TlsMode>,
    /// The content of `ca_file`: in PEM, the only authorities that may issue the server's certificate.
    pub ca_file: Option<Vec<u8>>,
    /// SHA-256 fingerprints, in hexadecimal, of the only certificates that the server may have.
    pub certificate_sha256: Vec<String>,
    /// The mailbox that bounces come to; without it they come to `from`, and nothing is learned of them.
    pub return_path: Option<String>,
    /// The key that who brings us returned mails must have, beside an address of ours in the mail.
    pub hook_key: Option<String>,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The address of an SMTP server, and how to connect to it.
#[derive(Debug, Clone)]
pub(super) struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) trust: CertificateTrust,
    pub(super) credentials: Option<(String, Secret)>,
    pub(super) from: Mailbox,
    pub(super) helo_name: Option<String>,
    pub(super) dkim_selector: Option<String>,
    pub(super) return_path: Option<ReturnPath>,
    pub(super) hook_key: Option<Secret>,
}

impl SmtpServer {
    /// Whether there is no password, or the server is this machine. On a network an attacker may have removed STARTTLS
    /// from the server's offer: then neither password nor mail is sent.
    pub(super) fn may_do_without_tls(&self) -> bool {
        let is_here = self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        self.credentials.is_none() || is_here
    }

    /// The transport security, in words for an operator.
    pub(super) fn protection(&self) -> String {
        match self.tls {
            Tls::Never => Tls::Never.to_string(),
            Tls::WhenOffered if !self.may_do_without_tls() => format!("{}, {}", Tls::Required, self.trust),
            tls => format!("{tls}, {}", self.trust),
        }
    }
}

impl SmtpSettings {
    /// Settings with one connection, no rate limit, and the default of every other key.
    pub fn new(name: impl Into<String>, url: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            from: from.into(),
            connections: 1,
            rate_per_second: 0,
            helo_name: None,
            dkim_selector: None,
            tls: None,
            ca_file: None,
            certificate_sha256: Vec::new(),
            return_path: None,
            hook_key: None,
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
            dkim_selector: self.selector().ok_or(wrong("dkim_selector", SELECTOR))?,
            return_path: self.own_return_path().ok_or(wrong("return_path", RETURN_PATH))?,
            hook_key: self.own_hook_key().ok_or(wrong("hook_key", "must have 16 characters or more"))?,
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

    /// The configured name for EHLO: `Some(None)` if there is none, `None` if it is invalid.
    fn own_name(&self) -> Option<Option<String>> {
        match &self.helo_name {
            Some(name) => helo_name(name).map(Some),
            None => Some(None),
        }
    }

    /// The configured selector: `Some(None)` if there is none, `None` if it is invalid (RFC 6376 3.1).
    fn selector(&self) -> Option<Option<String>> {
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        match &self.dkim_selector {
            Some(selector) => selector.split('.').all(is_label).then(|| Some(selector.clone())),
            None => Some(None),
        }
    }

    /// The configured return path: `Some(None)` if there is none, `None` if it is invalid.
    fn own_return_path(&self) -> Option<Option<ReturnPath>> {
        match &self.return_path {
            Some(path) => ReturnPath::read(path).map(Some),
            None => Some(None),
        }
    }

    /// The configured key: `Some(None)` if there is none, `None` if it is too short.
    fn own_hook_key(&self) -> Option<Option<Secret>> {
        match &self.hook_key {
            Some(key) => (key.len() >= HOOK_KEY_MIN).then(|| Some(Secret::new(key))),
            None => Some(None),
        }
    }

    fn wrong(&self) -> impl Fn(&'static str, &'static str) -> SettingsError {
        |key, reason| SettingsError { channel: Channel::Email, name: self.name.clone(), key, reason }
    }
}

fn sender(text: &str) -> Option<Mailbox> {
    let Mailbox { name, email } = text.parse().ok()?;
    Some(Mailbox::new(name, address::parse(email.as_ref())?))
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

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
