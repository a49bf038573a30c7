//! Infobip's dialect (infobip.com/docs/api/channels/sms, version 3): JSON, one message a request.

mod answer;
mod codes;
mod inbound;
mod query;
mod report;

use std::fmt;

use reqwest::{
    Method, Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde::Serialize;
use url::Url;

use super::account_key::AccountKey;
use super::callback_address::CallbackAddress;
use super::dialect::{
    Answer, CallbackError, Dialect, Doubted, Found, InboundMessage, StatusCallback, StatusReport,
};
use super::settings::http_url;
use crate::provider::{
    Outgoing,
    failure::{Accepted, Failure, SendFailure},
    settings::SettingsError,
};

/// An account at Infobip.
#[derive(Clone)]
pub struct InfobipSettings {
    /// The account's own address, such as `https://abc123.api.infobip.com`.
    pub base_url: String,
    /// An API key.
    pub secret: String,
    /// A number or an alphanumeric sender.
    pub from: String,
    /// The key that messages from people have in their address (`?key=…`); without it none are believed.
    pub receipt_key: Option<String>,
}

impl fmt::Debug for InfobipSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InfobipSettings").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// One account at Infobip.
#[derive(Debug)]
pub(super) struct Infobip {
    messages_url: Url,
    balance_url: Url,
    logs_url: Url,
    authorization: HeaderValue,
    from: String,
    callback: CallbackAddress,
    account_key: Option<AccountKey>,
}

impl Infobip {
    /// Checks the settings. `wrong` makes the error of a key.
    pub(super) fn try_new(
        settings: &InfobipSettings,
        status_callback: Option<Url>,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<Self, SettingsError> {
        let InfobipSettings { base_url, secret, from, receipt_key } = settings;
        let authorization =
            authorization(secret).ok_or(wrong("secret", "must be an API key, in one line"))?;
        if from.trim().is_empty() || from.chars().any(char::is_control) {
            return Err(wrong("from", "must be a number or a sender's name"));
        }
        let wrong_base = || wrong("base_url", "must begin with https:// or http:// and have no query");
        let base = http_url(base_url).filter(|url| url.query().is_none()).ok_or_else(wrong_base)?;
        let base = base.as_str().trim_end_matches('/');
        let at = |path: &str| Url::parse(&format!("{base}{path}")).map_err(|_| wrong_base());
        let (messages_url, balance_url) = (at("/sms/3/messages")?, at("/account/1/balance")?);
        let logs_url = at("/sms/3/logs")?;
        let callback = CallbackAddress::new(status_callback, secret);
        let account_key = AccountKey::read(receipt_key.as_deref(), wrong)?;
        Ok(Self {
            messages_url,
            balance_url,
            logs_url,
            authorization,
            from: from.clone(),
            callback,
            account_key,
        })
    }
}

/// The request's body.
#[derive(Serialize)]
struct Body<'a> {
    messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Message<'a> {
    sender: &'a str,
    destinations: [Destination<'a>; 1],
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhooks: Option<Webhooks>,
}

/// Numbers go in international form without the plus sign. Of each `messageId` Infobip takes one message, so that each attempt
/// of a delivery has its own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination<'a> {
    to: &'a str,
    message_id: String,
}

#[derive(Serialize)]
struct Content<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Webhooks {
    delivery: Delivery,
    content_type: &'static str,
}

#[derive(Serialize)]
struct Delivery {
    url: String,
}

impl Dialect for Infobip {
    fn request(&self, outgoing: &Outgoing) -> Result<Request, Failure> {
        let webhooks = self
            .callback
            .of(outgoing)
            .map(|url| Webhooks { delivery: Delivery { url }, content_type: "application/json" });
        let message = Message {
            sender: &self.from,
            destinations: [Destination {
                to: outgoing.to.trim_start_matches('+'),
                message_id: outgoing.sent().name(),
            }],
            content: Content { text: &outgoing.body },
            webhooks,
        };
        let body = serde_json::to_vec(&Body { messages: [message] }).expect("texts and lists are JSON");
        let mut request = Request::new(Method::POST, self.messages_url.clone());
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        request.headers_mut().insert(ACCEPT, JSON);
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    /// The account's balance (infobip.com/docs/api/platform/account-management).
    fn probe(&self) -> Option<Request> {
        let mut request = Request::new(Method::GET, self.balance_url.clone());
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request.headers_mut().insert(ACCEPT, JSON);
        Some(request)
    }

    fn address(&self) -> &Url {
        &self.messages_url
    }

    fn read_answer(&self, answer: &Answer<'_>) -> Result<Accepted, SendFailure> {
        answer::read(answer)
    }

    fn query(&self, doubted: &Doubted) -> Option<Request> {
        let mut request = Request::new(Method::GET, query::address(&self.logs_url, doubted));
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request.headers_mut().insert(ACCEPT, JSON);
        Some(request)
    }

    fn read_found(&self, doubted: &Doubted, answer: &Answer<'_>) -> Option<Found> {
        query::read(doubted, answer)
    }

    fn read_callback(&self, callback: &StatusCallback<'_>) -> Result<Option<StatusReport>, CallbackError> {
        let sent = self.callback.sent(callback.query)?;
        report::read(callback.body, sent)
    }

    fn read_inbound(
        &self,
        callback: &StatusCallback<'_>,
    ) -> Result<Option<Vec<InboundMessage>>, CallbackError> {
        match &self.account_key {
            Some(key) if key.is_in(callback.query) => inbound::read(callback.body).map(Some),
            _ => Ok(None),
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Infobip's scheme for API keys, which does not print.
fn authorization(secret: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("App {secret}")).ok().filter(|_| !secret.is_empty())?;
    value.set_sensitive(true);
    Some(value)
}
