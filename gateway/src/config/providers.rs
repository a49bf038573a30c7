//! Reads the configured providers of e-mail and SMS into the dispatcher's settings, which do not print. The dispatcher
//! checks URLs and senders.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use dispatcher::provider::{
    GenericAnswer, GenericInbound, GenericQuery, GenericReceipt, GenericRequest, GenericSettings,
    InfobipSettings, Prices, SmsApi, SmsSettings, SmtpSettings, TlsMode, TwilioSettings,
};
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
    /// Infobip's.
    Infobip,
    /// One that the keys request, answer and receipt describe.
    Generic,
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
    dkim_selector: Option<String>,
    tls: Option<TlsMode>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    certificate_sha256: Vec<String>,
    return_path: Option<String>,
    hook_key: Option<Secret<String>>,
    hook_key_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSmsProvider {
    name: String,
    kind: SmsKind,
    base_url: Option<String>,
    account: Option<String>,
    secret: Option<Secret<String>>,
    secret_file: Option<PathBuf>,
    from: Option<String>,
    request: Option<GenericRequest>,
    answer: Option<GenericAnswer>,
    query: Option<GenericQuery>,
    receipt: Option<GenericReceipt>,
    inbound: Option<GenericInbound>,
    receipt_key: Option<Secret<String>>,
    receipt_key_file: Option<PathBuf>,
    #[serde(default = "sms_connections")]
    connections: u32,
    #[serde(default)]
    rate_per_second: u32,
    #[serde(default = "unicode")]
    unicode: bool,
    #[serde(default)]
    prices: BTreeMap<String, u64>,
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
            let hook_key = secrets.one_of(&format!("{entry}.hook_key"), raw.hook_key, raw.hook_key_file)?;
            Ok(SmtpSettings {
                url: secrets.one_of_entry(&entry, "url", raw.url, raw.url_file)?.expose().clone(),
                name: raw.name,
                from: raw.from,
                connections: raw.connections,
                rate_per_second: raw.rate_per_second,
                helo_name: raw.helo_name,
                dkim_selector: raw.dkim_selector,
                tls: raw.tls,
                ca_file: secrets.file_of_entry(&entry, "ca_file", raw.ca_file)?,
                certificate_sha256: raw.certificate_sha256,
                return_path: raw.return_path,
                hook_key: hook_key.map(|key| key.expose().clone()),
            })
        })
        .collect()
}

pub(super) fn sms(raw: Vec<RawSmsProvider>, secrets: &Secrets<'_>) -> Result<Vec<SmsSettings>, ConfigError> {
    let mut names = Names::new("sms.providers", secrets);
    raw.into_iter()
        .map(|raw| {
            let entry = names.next(&raw.name)?;
            let prices = Prices::try_new(raw.prices.clone())
                .map_err(|error| secrets.wrong(&format!("{entry}.prices"), error.to_string()))?;
            let RawSmsProvider { connections, rate_per_second, unicode, .. } = raw;
            let name = raw.name.clone();
            let api = Account { raw, entry: &entry, secrets }.api()?;
            let settings = SmsSettings {
                name,
                connections,
                rate_per_second,
                status_callback: None,
                unicode,
                prices,
                api,
            };
            Ok(settings)
        })
        .collect()
}

/// One SMS provider, whose kind decides which keys it has.
struct Account<'a> {
    raw: RawSmsProvider,
    entry: &'a str,
    secrets: &'a Secrets<'a>,
}

impl Account<'_> {
    fn api(mut self) -> Result<SmsApi, ConfigError> {
        self.has_no_key_of_another_kind()?;
        match self.raw.kind {
            SmsKind::Twilio => self.twilio().map(SmsApi::Twilio),
            SmsKind::Infobip => self.infobip().map(SmsApi::Infobip),
            SmsKind::Generic => self.generic().map(Box::new).map(SmsApi::Generic),
        }
    }

    fn twilio(&mut self) -> Result<TwilioSettings, ConfigError> {
        Ok(TwilioSettings {
            base_url: self.needed("base_url", |raw| raw.base_url.take())?,
            account: self.needed("account", |raw| raw.account.take())?,
            from: self.needed("from", |raw| raw.from.take())?,
            secret: self.secret()?,
        })
    }

    fn infobip(&mut self) -> Result<InfobipSettings, ConfigError> {
        Ok(InfobipSettings {
            base_url: self.needed("base_url", |raw| raw.base_url.take())?,
            from: self.needed("from", |raw| raw.from.take())?,
            secret: self.secret()?,
            receipt_key: self.receipt_key()?,
        })
    }

    fn generic(&mut self) -> Result<GenericSettings, ConfigError> {
        Ok(GenericSettings {
            account: self.raw.account.take(),
            secret: self.secret()?,
            from: self.raw.from.take(),
            request: self.needed("request", |raw| raw.request.take())?,
            answer: self.needed("answer", |raw| raw.answer.take())?,
            query: self.raw.query.take(),
            receipt: self.raw.receipt.take(),
            inbound: self.raw.inbound.take(),
            receipt_key: self.receipt_key()?,
        })
    }

    fn receipt_key(&mut self) -> Result<Option<String>, ConfigError> {
        let key = format!("{}.receipt_key", self.entry);
        let (value, file) = (self.raw.receipt_key.take(), self.raw.receipt_key_file.take());
        Ok(self.secrets.one_of(&key, value, file)?.map(|key| key.expose().clone()))
    }

    fn secret(&mut self) -> Result<String, ConfigError> {
        let (value, file) = (self.raw.secret.take(), self.raw.secret_file.take());
        Ok(self.secrets.one_of_entry(self.entry, "secret", value, file)?.expose().clone())
    }

    fn needed<T>(
        &mut self,
        key: &str,
        take: impl FnOnce(&mut RawSmsProvider) -> Option<T>,
    ) -> Result<T, ConfigError> {
        take(&mut self.raw).ok_or_else(|| self.wrong(key, "is missing: this kind needs it"))
    }

    fn has_no_key_of_another_kind(&self) -> Result<(), ConfigError> {
        let raw = &self.raw;
        let is_generic = raw.kind == SmsKind::Generic;
        let has_key = raw.receipt_key.is_some() || raw.receipt_key_file.is_some();
        let foreign = [
            ("base_url", is_generic && raw.base_url.is_some()),
            ("account", raw.kind == SmsKind::Infobip && raw.account.is_some()),
            ("request", !is_generic && raw.request.is_some()),
            ("answer", !is_generic && raw.answer.is_some()),
            ("query", !is_generic && raw.query.is_some()),
            ("receipt", !is_generic && raw.receipt.is_some()),
            ("inbound", !is_generic && raw.inbound.is_some()),
            ("receipt_key", raw.kind == SmsKind::Twilio && has_key),
        ];
        match foreign.into_iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) => Err(self.wrong(key, "is no key of this kind of provider")),
            None => Ok(()),
        }
    }

    fn wrong(&self, key: &str, problem: &str) -> ConfigError {
        self.secrets.wrong(&format!("{}.{key}", self.entry), problem)
    }
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
