//! SMS over HTTP, in Twilio's dialect.

mod answer;
mod codes;

use std::{fmt, sync::Arc, time::Duration};

use domain::{
    deliveries::{Evidence, FailureClass, Observation, Phase},
    value::DeliveryId,
};
use reqwest::{Client, Request, Response, redirect};

use super::{
    Gate, Outgoing,
    failure::{Accepted, Doubt, Failure, SendFailure, StartRefused},
    settings::{SettingsError, TwilioAccount, TwilioSender, TwilioSettings},
};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
const USER_AGENT: &str = concat!("mensajeria/", env!("CARGO_PKG_VERSION"));

/// How long an SMS provider may take.
#[derive(Debug, Clone, Copy)]
pub struct SmsDeadlines {
    /// Name, TCP and TLS.
    pub connect: Duration,
    /// The whole request; a send without an answer by then is in doubt.
    pub answer: Duration,
    /// An unused connection is closed after this, sooner than providers close theirs: a request that meets a
    /// connection just being closed would be in doubt.
    pub idle: Duration,
}

impl Default for SmsDeadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            idle: Duration::from_secs(4),
        }
    }
}

/// One account at an SMS API.
#[derive(Clone)]
pub struct SmsProvider {
    shared: Arc<Shared>,
}

struct Shared {
    gate: Gate,
    account: TwilioAccount,
    client: Client,
}

impl SmsProvider {
    /// Checks the settings; connects to nothing.
    pub fn try_new(settings: &TwilioSettings) -> Result<Self, SettingsError> {
        Self::with_deadlines(settings, SmsDeadlines::default())
    }

    /// The same with deadlines of one's own.
    pub fn with_deadlines(settings: &TwilioSettings, deadlines: SmsDeadlines) -> Result<Self, SettingsError> {
        let account = settings.parse()?;
        let client = client(settings.connections, deadlines).map_err(|_| SettingsError {
            section: "sms",
            name: settings.name.clone(),
            key: "base_url",
            reason: "needs TLS, and the platform's certificates cannot be read",
        })?;
        let gate = Gate::new(&settings.name, settings.connections, settings.rate_per_second);
        Ok(Self { shared: Arc::new(Shared { gate, account, client }) })
    }

    /// Name, connections, rate limit and circuit breaker.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// A sender for one worker.
    pub fn sender(&self) -> SmsSender {
        SmsSender { provider: self.clone() }
    }
}

/// No address, no account and no secret in logs.
impl fmt::Debug for SmsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsProvider").field("gate", &self.shared.gate).finish_non_exhaustive()
    }
}

/// One worker's way to an SMS API.
#[derive(Debug, Clone)]
pub struct SmsSender {
    provider: SmsProvider,
}

impl SmsSender {
    /// Sends one SMS. `started` is awaited just before the request; cancelled later, the send is in doubt.
    pub async fn send(
        &mut self,
        outgoing: &Outgoing,
        started: impl AsyncFnOnce() -> Result<(), StartRefused>,
    ) -> Result<Accepted, SendFailure> {
        let shared = &self.provider.shared;
        let request = request(shared, outgoing)?;
        started().await?;
        let mut response = shared.client.execute(request).await.map_err(|error| unanswered(&error))?;
        let body = bounded_body(&mut response).await;
        let facts = answer::Facts::of(&response, outgoing.requested_at);
        answer::read(facts, body.as_deref())
    }
}

fn client(connections: u32, deadlines: SmsDeadlines) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(USER_AGENT)
        .tcp_nodelay(true)
        .no_proxy()
        // A redirected POST is a second request whose first answer nobody would know.
        .redirect(redirect::Policy::none())
        // Neither may the client ask twice on its own.
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(connections as usize)
        .pool_idle_timeout(deadlines.idle)
        .connect_timeout(deadlines.connect)
        .timeout(deadlines.connect + deadlines.answer)
        .build()
}

fn request(shared: &Shared, outgoing: &Outgoing) -> Result<Request, Failure> {
    let account = &shared.account;
    let (sender, from) = match &account.from {
        TwilioSender::From(from) => ("From", from),
        TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid),
    };
    let mut form = vec![("To", outgoing.to.as_str()), (sender, from), ("Body", &outgoing.body)];
    let callback = status_callback(account, outgoing.delivery_id);
    form.extend(callback.as_deref().map(|url| ("StatusCallback", url)));
    shared
        .client
        .post(account.messages_url.clone())
        .basic_auth(&account.account, Some(account.secret.reveal()))
        .form(&form)
        .build()
        .map_err(|_| unbuildable())
}

/// Twilio has no idempotency key and no client reference: the callback's address carries ours.
fn status_callback(account: &TwilioAccount, delivery_id: DeliveryId) -> Option<String> {
    let mut url = account.status_callback.clone()?;
    url.query_pairs_mut().append_pair("delivery", &delivery_id.to_string());
    Some(url.into())
}

/// No connection is proof that nothing was sent; after that, silence proves nothing.
fn unanswered(error: &reqwest::Error) -> SendFailure {
    if error.is_connect() {
        return unconnected(error).into();
    }
    if error.is_builder() {
        return unbuildable().into();
    }
    let observed = if error.is_timeout() { Observation::NoAnswer } else { Observation::Closed };
    Doubt { evidence: Evidence::observed(Some(Phase::Http), observed), text: String::new() }.into()
}

fn unbuildable() -> Failure {
    Failure::observed(FailureClass::ConfigAuth, None, Observation::SettingsUnusable)
}

/// A certificate nobody trusts will not mend itself.
fn unconnected(error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    loop {
        let io = cause.downcast_ref::<std::io::Error>();
        let inner_is_tls =
            io.and_then(std::io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>());
        if inner_is_tls || cause.is::<rustls::Error>() {
            return Failure::observed(FailureClass::ConfigAuth, Phase::Tls, Observation::TlsFailed)
                .with_text(&cause.to_string());
        }
        let Some(source) = cause.source() else { break };
        cause = source;
    }
    let observed = if error.is_timeout() { Observation::NoAnswer } else { Observation::Unreachable };
    // The innermost error is the system's; those around it repeat the URL.
    Failure::observed(FailureClass::Transient, Phase::Connect, observed).with_text(&cause.to_string())
}

/// The whole body, or `None` if it broke off or is larger than any honest answer.
async fn bounded_body(response: &mut Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

#[cfg(test)]
mod tests;
