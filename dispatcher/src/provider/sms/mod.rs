//! SMS over HTTP: one transport for all APIs, and a dialect for each kind of them.

mod account_key;
mod callback_address;
mod dialect;
mod fields;
mod generic;
mod infobip;
mod retry_after;
mod settings;
mod status;
mod transport;
mod twilio;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, Request, StatusCode};
use url::Url;

use super::{
    Gate, Outgoing, Prices,
    failure::{Accepted, SendFailure, StartRefused},
    settings::SettingsError,
};
use crate::provider::Pulse;
use crate::provider::redaction::provider_text;
use dialect::{Answer, Dialect};

pub use dialect::{
    CallbackError, Doubted, Found, FoundMessage, InboundMessage, SentDelivery, StatusCallback, StatusReport,
};
pub use generic::{
    GenericAnswer, GenericInbound, GenericQuery, GenericReceipt, GenericRequest, GenericSettings,
};
pub use infobip::InfobipSettings;
pub use settings::{SmsApi, SmsSettings};
pub use transport::SmsDeadlines;
pub use twilio::TwilioSettings;

/// One account at an SMS API.
#[derive(Clone)]
pub struct SmsProvider {
    shared: Arc<Shared>,
}

struct Shared {
    gate: Gate,
    dialect: Box<dyn Dialect>,
    client: Client,
    unicode: bool,
    prices: Prices,
}

impl SmsProvider {
    /// Checks the settings. Does not connect.
    pub fn try_new(settings: &SmsSettings) -> Result<Self, SettingsError> {
        Self::with_deadlines(settings, SmsDeadlines::default())
    }

    /// The same with other deadlines.
    pub fn with_deadlines(settings: &SmsSettings, deadlines: SmsDeadlines) -> Result<Self, SettingsError> {
        let dialect = settings.dialect()?;
        let client = transport::client(settings.connections, deadlines).map_err(|_| {
            settings.wrong("base_url", "needs TLS, and the platform's certificates cannot be read")
        })?;
        let gate = Gate::new(&settings.name, settings.connections, settings.rate_per_second);
        Ok(Self {
            shared: Arc::new(Shared {
                gate,
                dialect,
                client,
                unicode: settings.unicode,
                prices: settings.prices.clone(),
            }),
        })
    }

    /// Name, connections, rate limit and circuit breaker.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Whether it carries Unicode.
    pub fn takes_unicode(&self) -> bool {
        self.shared.unicode
    }

    /// What a part costs, by number.
    pub fn prices(&self) -> &Prices {
        &self.shared.prices
    }

    /// The address of the API.
    pub fn address(&self) -> &Url {
        self.shared.dialect.address()
    }

    /// Asks the API for something that only the account may see, and sends nothing. An API that has nothing of the kind
    /// is only asked whether it is there. `near` is about the present time.
    ///
    /// # Errors
    /// What a message would meet before its request.
    pub async fn probe(&self, near: DateTime<Utc>) -> Result<HttpAnswer, SendFailure> {
        let Shared { gate, dialect, client, .. } = &*self.shared;
        let probe = dialect.probe();
        let is_of_account = probe.is_some();
        let request = probe.unwrap_or_else(|| Request::new(Method::HEAD, origin(dialect.address())));
        let (response, _body) = transport::exchange(client, &gate.pulse, request).await?;
        let date = retry_after::date(response.headers(), near);
        Ok(HttpAnswer { status: response.status().as_u16(), date, is_of_account })
    }

    /// Whether the API can be asked for a message that it may have or not.
    pub fn can_be_asked(&self, doubted: &Doubted) -> bool {
        self.shared.dialect.query(doubted).is_some()
    }

    /// Asks for the message of a doubt. None: the API cannot be asked, does not answer, or its answer does not tell. `near` is
    /// about the present time.
    pub async fn find(&self, doubted: &Doubted, near: DateTime<Utc>) -> Option<Found> {
        let Shared { dialect, client, .. } = &*self.shared;
        let request = dialect.query(doubted)?;
        // A pulse of its own: a question says nothing of the provider's sends.
        let exchanged = transport::exchange(client, &Pulse::default(), request).await;
        let (response, body) = exchanged.ok()?;
        let answer = Answer {
            status: response.status(),
            advice: retry_after::advice(response.headers(), near),
            body: body.as_deref().map_err(|observed| *observed),
        };
        dialect.read_found(doubted, &answer)
    }

    /// A sender for one worker.
    pub fn sender(&self) -> SmsSender {
        SmsSender { provider: self.clone(), unaccepted: None }
    }

    /// What a request to our callback address reports. None: the message is still on its way.
    ///
    /// # Errors
    /// It is not signed by the provider, or names no message or no state.
    pub fn read_callback(
        &self,
        callback: &StatusCallback<'_>,
    ) -> Result<Option<StatusReport>, CallbackError> {
        self.shared.dialect.read_callback(callback)
    }

    /// The messages from people that a request to our callback address brings. None: it brings something else.
    ///
    /// # Errors
    /// It is not signed by the provider.
    pub fn read_inbound(
        &self,
        callback: &StatusCallback<'_>,
    ) -> Result<Option<Vec<InboundMessage>>, CallbackError> {
        self.shared.dialect.read_inbound(callback)
    }
}

/// The answer to a request that sends nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The server's clock.
    pub date: Option<DateTime<Utc>>,
    /// Whether only the account may make the request.
    pub is_of_account: bool,
}

/// A server's address without the path.
fn origin(address: &Url) -> Url {
    let mut origin = address.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin
}

/// No address, no account and no secret in logs.
impl fmt::Debug for SmsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsProvider").field("gate", &self.shared.gate).finish_non_exhaustive()
    }
}

/// One worker's access to an SMS API.
#[derive(Clone)]
pub struct SmsSender {
    provider: SmsProvider,
    /// The last answer to a message, if it was no acceptance.
    unaccepted: Option<(StatusCode, Vec<u8>)>,
}

/// No answer in logs: it may repeat a number.
impl fmt::Debug for SmsSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsSender").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl SmsSender {
    /// Sends one SMS. `started` is awaited just before the request. If this is cancelled after that, the send is in
    /// doubt.
    pub async fn send(
        &mut self,
        outgoing: &Outgoing,
        started: impl AsyncFnOnce() -> Result<(), StartRefused>,
    ) -> Result<Accepted, SendFailure> {
        self.unaccepted = None;
        let Shared { gate, dialect, client, .. } = &*self.provider.shared;
        let request = dialect.request(outgoing)?;
        started().await?;
        let (response, body) = transport::exchange(client, &gate.pulse, request).await?;
        let answer = Answer {
            status: response.status(),
            advice: retry_after::advice(response.headers(), outgoing.requested_at),
            body: body.as_deref().map_err(|observed| *observed),
        };
        let result = dialect.read_answer(&answer);
        self.unaccepted = body.ok().filter(|_| result.is_err()).map(|body| (response.status(), body));
        result
    }

    /// The last answer to a message, if it was no acceptance, as it came: the HTTP status and the beginning of the body, in one
    /// line without addresses and phone numbers.
    pub fn said(&self) -> Option<String> {
        let (status, body) = self.unaccepted.as_ref()?;
        Some(provider_text(&format!("HTTP {status}: {}", String::from_utf8_lossy(body))))
    }
}

#[cfg(test)]
mod tests;
