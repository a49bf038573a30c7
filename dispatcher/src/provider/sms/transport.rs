//! One HTTP request and its answer, and the meaning of a missing answer.

use std::time::Duration;

use domain::deliveries::{Evidence, FailureClass, Observation, Phase};
use reqwest::{Client, Request, Response, redirect};

use crate::provider::failure::{Doubt, Failure, SendFailure};
use crate::provider::pulse::Pulse;

/// The largest answer that is read, in bytes.
pub(super) const MAX_ANSWER: usize = 64 * 1024;
const USER_AGENT: &str = concat!("mensajeria/", env!("CARGO_PKG_VERSION"));

/// How long an SMS provider may take.
#[derive(Debug, Clone, Copy)]
pub struct SmsDeadlines {
    /// Name resolution, TCP and TLS.
    pub connect: Duration,
    /// The whole request; a send without an answer by then is in doubt.
    pub answer: Duration,
    /// An idle connection is closed after this, before the provider closes it: a request on a connection that is just
    /// being closed would be in doubt.
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

/// A client that sends each request once at most.
pub(super) fn client(connections: u32, deadlines: SmsDeadlines) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(USER_AGENT)
        .tcp_nodelay(true)
        .no_proxy()
        // A redirected POST is a second request, and the first one's answer would be lost.
        .redirect(redirect::Policy::none())
        // The client must not repeat a request by itself either.
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(connections as usize)
        .pool_idle_timeout(deadlines.idle)
        .connect_timeout(deadlines.connect)
        .timeout(deadlines.connect + deadlines.answer)
        .build()
}

/// Sends a request and reads its answer. The client's own deadlines end both.
pub(super) async fn exchange(
    client: &Client,
    pulse: &Pulse,
    request: Request,
) -> Result<(Response, Result<Vec<u8>, Observation>), SendFailure> {
    let answer = async {
        match client.execute(request).await {
            // Silence is no answer, and the client reports it as an error.
            Err(error) if error.is_timeout() => Err(error),
            answer => Ok(answer),
        }
    };
    let answer = pulse.heard(answer).await.and_then(|answer| answer);
    let mut response = answer.map_err(|error| unanswered(&error))?;
    let body = bounded_body(&mut response).await;
    Ok((response, body))
}

/// The whole body, or why there is none: it broke off, or exceeds the bound.
async fn bounded_body(response: &mut Response) -> Result<Vec<u8>, Observation> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Observation::AnswerCut)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Observation::AnswerTooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Without a connection nothing was sent. After that, a missing answer proves nothing.
pub(super) fn unanswered(error: &reqwest::Error) -> SendFailure {
    if error.is_connect() {
        return unconnected(error).into();
    }
    if error.is_builder() {
        return Failure::of_settings(None, Observation::SettingsUnusable).into();
    }
    let observed = if error.is_timeout() { Observation::NoAnswer } else { Observation::Closed };
    Doubt { evidence: Evidence::observed(Some(Phase::Http), observed), text: String::new() }.into()
}

/// An untrusted certificate stays untrusted. Everything else may work later.
fn unconnected(error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    loop {
        if let Some(tls) = tls_error(cause) {
            return Failure::of_settings(Phase::Tls, Observation::TlsFailed).with_text(&tls.to_string());
        }
        let Some(source) = cause.source() else { break };
        cause = source;
    }
    let observed = if error.is_timeout() { Observation::NoAnswer } else { Observation::Unreachable };
    // The innermost error is the system's; those around it repeat the URL.
    Failure::observed(FailureClass::Transient, Phase::Connect, observed).with_text(&cause.to_string())
}

fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref())
}
