//! The settings of an SMS provider.

use std::fmt;

use domain::value::Channel;
use url::Url;

use super::dialect::Dialect;
use super::generic::{Generic, GenericSettings};
use super::infobip::{Infobip, InfobipSettings};
use super::twilio::{Twilio, TwilioSettings};
use crate::provider::Prices;
use crate::provider::settings::{SettingsError, limits};

/// One `[[sms.providers]]` as it stands in the configuration.
#[derive(Clone)]
pub struct SmsSettings {
    /// Its name in logs and attempts.
    pub name: String,
    /// How many requests may be in flight at once, 1–1,000.
    pub connections: u32,
    /// The most sends a second; 0 for no limit.
    pub rate_per_second: u32,
    /// The address for status callbacks; `delivery=<our delivery id>&generation=<number>&attempt=<number>` is added to its query.
    pub status_callback: Option<String>,
    /// Whether it carries Unicode. Otherwise every text is given to it in the alphabet of GSM.
    pub unicode: bool,
    /// What a part costs, by number.
    pub prices: Prices,
    /// The dialect, `kind` in the configuration, and its settings.
    pub api: SmsApi,
}

/// The dialects of SMS APIs, each with its own settings.
#[derive(Clone)]
pub enum SmsApi {
    /// Twilio's, which other providers offer too.
    Twilio(TwilioSettings),
    /// Infobip's.
    Infobip(InfobipSettings),
    /// One that the configuration describes.
    Generic(Box<GenericSettings>),
}

impl fmt::Debug for SmsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SmsSettings {
    /// The dialect with the account's settings, if they can be used.
    pub(super) fn dialect(&self) -> Result<Box<dyn Dialect>, SettingsError> {
        let wrong = |key, reason| self.wrong(key, reason);
        limits(&self.name, self.connections, self.rate_per_second, &wrong)?;
        let callback = self
            .status_callback
            .as_deref()
            .map(|url| http_url(url).ok_or(wrong("status_callback", "must begin with https:// or http://")));
        let callback = callback.transpose()?;
        match &self.api {
            SmsApi::Twilio(settings) => Ok(Box::new(Twilio::try_new(settings, callback, &wrong)?)),
            SmsApi::Infobip(settings) => Ok(Box::new(Infobip::try_new(settings, callback, &wrong)?)),
            SmsApi::Generic(settings) => Ok(Box::new(Generic::try_new(settings, callback, &wrong)?)),
        }
    }

    pub(super) fn wrong(&self, key: &'static str, reason: &'static str) -> SettingsError {
        SettingsError { channel: Channel::Sms, name: self.name.clone(), key, reason }
    }
}

/// A URL of a web server.
pub(super) fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.fragment().is_none()).then_some(url)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
