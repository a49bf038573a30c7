//! Twilio's dialect (twilio.com/docs/messaging/api/message-resource).

mod answer;
mod callback;
mod codes;
mod query;

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use url::{Url, form_urlencoded};

use super::callback_address;
use super::dialect::{
    Answer, CallbackError, Dialect, Doubted, Found, InboundMessage, StatusCallback, StatusReport,
};
use super::settings::http_url;
use crate::provider::{
    Outgoing,
    failure::{Accepted, Failure, SendFailure},
    settings::{Secret, SettingsError},
};

/// An account at Twilio, or at a provider with the same API.
#[derive(Clone)]
pub struct TwilioSettings {
    /// Where the API is, without `/2010-04-01`.
    pub base_url: String,
    /// The account's sid, `AC…`.
    pub account: String,
    /// The account's token, the password of basic authentication.
    pub secret: String,
    /// A number, an alphanumeric sender, or a messaging service's sid `MG…`.
    pub from: String,
}

impl fmt::Debug for TwilioSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioSettings").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// One account at Twilio.
#[derive(Debug)]
pub(super) struct Twilio {
    messages_url: Url,
    account_url: Url,
    authorization: HeaderValue,
    secret: Secret,
    from: TwilioSender,
    status_callback: Option<Url>,
}

/// Twilio takes a number or a pool of numbers, under different names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TwilioSender {
    From(String),
    MessagingService(String),
}

impl Twilio {
    /// Checks the settings. `wrong` makes the error of a key.
    pub(super) fn try_new(
        settings: &TwilioSettings,
        status_callback: Option<Url>,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<Self, SettingsError> {
        let TwilioSettings { base_url, account, secret, from } = settings;
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_word(account) {
            return Err(wrong("account", "must be the account's sid: letters and digits"));
        }
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(wrong("secret", "must be the account's token, without line breaks"));
        }
        if from.trim().is_empty() || from.chars().any(char::is_control) {
            return Err(wrong("from", "must be a number, a sender's name or a messaging service's sid"));
        }
        let base = http_url(base_url)
            .filter(|url| url.query().is_none())
            .ok_or(wrong("base_url", "must begin with https:// or http:// and have no query"))?;
        let base = base.as_str().trim_end_matches('/');
        let of_account = |rest: &str| {
            Url::parse(&format!("{base}/2010-04-01/Accounts/{account}{rest}"))
                .map_err(|_| wrong("base_url", "must be a base for paths"))
        };
        let (messages_url, account_url) = (of_account("/Messages.json")?, of_account(".json")?);
        let authorization = authorization(account, secret)
            .ok_or(wrong("secret", "must be the account's token, without line breaks"))?;
        Ok(Self {
            messages_url,
            account_url,
            authorization,
            secret: Secret::new(secret),
            from: sender(from),
            status_callback,
        })
    }

    /// Twilio has no idempotency key and no client reference: the callback's address carries ours.
    fn callback_of(&self, outgoing: &Outgoing) -> Option<String> {
        let mut url = self.status_callback.clone()?;
        callback_address::name(&mut url, outgoing);
        Some(url.into())
    }
}

impl Dialect for Twilio {
    fn request(&self, outgoing: &Outgoing) -> Result<Request, Failure> {
        let (name, from) = match &self.from {
            TwilioSender::From(from) => ("From", from),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", &outgoing.to).append_pair(name, from).append_pair("Body", &outgoing.body);
        if let Some(url) = self.callback_of(outgoing) {
            form.append_pair("StatusCallback", &url);
        }
        let mut request = Request::new(Method::POST, self.messages_url.clone());
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request.headers_mut().insert(CONTENT_TYPE, FORM);
        *request.body_mut() = Some(form.finish().into());
        Ok(request)
    }

    /// The account itself (twilio.com/docs/iam/api/account).
    fn probe(&self) -> Option<Request> {
        let mut request = Request::new(Method::GET, self.account_url.clone());
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        Some(request)
    }

    fn address(&self) -> &Url {
        &self.messages_url
    }

    fn read_answer(&self, answer: &Answer<'_>) -> Result<Accepted, SendFailure> {
        answer::read(answer)
    }

    fn read_callback(&self, callback: &StatusCallback<'_>) -> Result<Option<StatusReport>, CallbackError> {
        let address = self.status_callback.as_ref().ok_or(CallbackError::NotSigned)?;
        callback::read(callback, address, &self.secret)
    }

    fn query(&self, doubted: &Doubted) -> Option<Request> {
        let mut request = Request::new(Method::GET, query::address(&self.messages_url, doubted));
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        Some(request)
    }

    fn read_found(&self, doubted: &Doubted, answer: &Answer<'_>) -> Option<Found> {
        query::read(doubted, &self.from, answer)
    }

    fn read_inbound(
        &self,
        callback: &StatusCallback<'_>,
    ) -> Result<Option<Vec<InboundMessage>>, CallbackError> {
        let address = self.status_callback.as_ref().ok_or(CallbackError::NotSigned)?;
        Ok(callback::inbound(callback, address, &self.secret)?.map(|message| vec![message]))
    }
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Basic authentication (RFC 7617), which does not print.
fn authorization(account: &str, secret: &str) -> Option<HeaderValue> {
    let credentials = BASE64_STANDARD.encode(format!("{account}:{secret}"));
    let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn sender(from: &str) -> TwilioSender {
    const SID_LENGTH: usize = 34;
    if from.starts_with("MG") && from.len() == SID_LENGTH {
        return TwilioSender::MessagingService(from.to_owned());
    }
    TwilioSender::From(from.to_owned())
}
