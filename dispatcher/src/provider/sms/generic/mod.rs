//! A dialect that the configuration describes: which request sends a message, where its id and its error stand in the
//! answer, and what a report says. docs/providers.md explains it with an example.

mod answer;
mod codes;
mod inbound;
mod pattern;
mod pointer;
mod query;
mod receipt;
mod request;
mod url_pattern;

use std::fmt;

use reqwest::Request;
use url::Url;

use super::account_key::AccountKey;
use super::callback_address::CallbackAddress;
use super::dialect::{
    Answer, CallbackError, Dialect, Doubted, Found, InboundMessage, StatusCallback, StatusReport,
};
use crate::provider::{
    Outgoing,
    failure::{Accepted, Failure, SendFailure},
    settings::SettingsError,
};
use codes::Classes;
use pattern::Field;
use request::{Account, RequestTemplate};

pub use answer::GenericAnswer;
pub use inbound::GenericInbound;
pub use query::GenericQuery;
pub use receipt::GenericReceipt;
pub use request::GenericRequest;

/// An account at an SMS API that the configuration describes.
#[derive(Clone)]
pub struct GenericSettings {
    /// `{account}` of the templates.
    pub account: Option<String>,
    /// `{secret}` of the templates; callback addresses are signed with it.
    pub secret: String,
    /// `{from}` of the templates.
    pub from: Option<String>,
    /// The request that sends a message.
    pub request: GenericRequest,
    /// Its answer.
    pub answer: GenericAnswer,
    /// The question about a message in doubt; none if the provider cannot be asked.
    pub query: Option<GenericQuery>,
    /// The provider's reports; none if it sends none.
    pub receipt: Option<GenericReceipt>,
    /// The messages from people that it brings; none if it brings none.
    pub inbound: Option<GenericInbound>,
    /// The key that a report has in its address (`?key=…`), for a provider that takes one address for the whole account.
    pub receipt_key: Option<String>,
}

/// The templates may hold secrets, too.
impl fmt::Debug for GenericSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericSettings").finish_non_exhaustive()
    }
}

/// One account at such an API.
pub(super) struct Generic {
    request: RequestTemplate,
    answer: GenericAnswer,
    classes: Classes,
    query: Option<GenericQuery>,
    receipt: Option<GenericReceipt>,
    inbound: Option<GenericInbound>,
    account_key: Option<AccountKey>,
    callback: CallbackAddress,
}

/// No template in logs: it may hold a secret.
impl fmt::Debug for Generic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generic").finish_non_exhaustive()
    }
}

impl Generic {
    /// Checks what types do not. `wrong` makes the error of a key.
    pub(super) fn try_new(
        settings: &GenericSettings,
        status_callback: Option<Url>,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<Self, SettingsError> {
        let GenericSettings { account, secret, from, request, answer, query, receipt, inbound, receipt_key } =
            settings;
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(wrong("secret", "must be the account's password or key, in one line"));
        }
        let account = Account::new(account.as_deref(), secret, from.as_deref());
        let request = RequestTemplate::try_new(request, account, wrong)?;
        let classes = answer.classes().ok_or(wrong("answer.classes", "names a code in two classes"))?;
        if answer.is_success_in(&classes) {
            return Err(wrong("answer.success", "names a code that answer.classes names too"));
        }
        if receipt.as_ref().is_some_and(|receipt| !receipt.tells_states_apart()) {
            return Err(wrong("receipt.failed", "names a state that receipt.delivered names too"));
        }
        if let Some(query) = query {
            request.check_query(query, wrong)?;
            if !query.tells_states_apart() {
                return Err(wrong("query.failed", "names a state that another list of the query names too"));
            }
        }
        let account_key = AccountKey::read(receipt_key.as_deref(), wrong)?;
        if inbound.is_some() && account_key.is_none() {
            return Err(wrong(
                "inbound",
                "nothing would show that a message is the provider's: give receipt_key",
            ));
        }
        if receipt.is_some() && account_key.is_none() && !request.uses(Field::CallbackUrl) {
            return Err(wrong(
                "receipt",
                "nothing would show that a report is the provider's: give {callback_url} in the request, or receipt_key",
            ));
        }
        if receipt.as_ref().is_some_and(|receipt| !receipt.names_its_message())
            && !request.uses(Field::CallbackUrl)
        {
            return Err(wrong(
                "receipt.id",
                "is missing: without {callback_url} in the request nothing says which message a report is about",
            ));
        }
        Ok(Self {
            request,
            answer: answer.clone(),
            classes,
            query: query.clone(),
            receipt: receipt.clone(),
            inbound: inbound.clone(),
            account_key,
            callback: CallbackAddress::new(status_callback, secret),
        })
    }

    fn has_key(&self, query: &str) -> bool {
        self.account_key.as_ref().is_some_and(|key| key.is_in(query))
    }
}

impl Dialect for Generic {
    fn request(&self, outgoing: &Outgoing) -> Result<Request, Failure> {
        self.request.fill(outgoing, &self.callback)
    }

    fn probe(&self) -> Option<Request> {
        self.request.probe()
    }

    fn address(&self) -> &Url {
        self.request.address()
    }

    fn read_answer(&self, answer: &Answer<'_>) -> Result<Accepted, SendFailure> {
        self.answer.read(answer, &self.classes)
    }

    fn query(&self, doubted: &Doubted) -> Option<Request> {
        self.request.question(self.query.as_ref()?, &doubted.outgoing)
    }

    fn read_found(&self, doubted: &Doubted, answer: &Answer<'_>) -> Option<Found> {
        self.query.as_ref()?.read(answer, &doubted.outgoing.to, &self.classes)
    }

    fn read_callback(&self, callback: &StatusCallback<'_>) -> Result<Option<StatusReport>, CallbackError> {
        let receipt = self.receipt.as_ref().ok_or(CallbackError::NotSigned)?;
        match self.callback.sent(callback.query) {
            Ok(sent) => receipt.read(callback, Some(sent), &self.classes),
            Err(_) if self.has_key(callback.query) => receipt.read(callback, None, &self.classes),
            Err(not_signed) => Err(not_signed),
        }
    }

    /// One address may bring both: what has the fields of a report is one.
    fn read_inbound(
        &self,
        callback: &StatusCallback<'_>,
    ) -> Result<Option<Vec<InboundMessage>>, CallbackError> {
        let Some(inbound) = self.inbound.as_ref().filter(|_| self.has_key(callback.query)) else {
            return Ok(None);
        };
        let is_report = self.receipt.as_ref().is_some_and(|receipt| receipt.is_one(callback));
        Ok(if is_report { None } else { inbound.read(callback) })
    }
}

#[cfg(test)]
mod tests;
