//! The connection to NATS, made in the background and renewed for ever, so that a start never waits for it.

mod heads;
mod names;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

pub use self::heads::share_heads;
pub(crate) use self::names::events_subject;
pub use self::stream::{MirrorError, StreamLimits};
pub(crate) use self::stream::{StreamState, compare_stream, create, delete};

/// How long NATS may take to answer.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest pause between two tries to connect.
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// The first pause between two tries to connect; each further one is twice as long.
const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(10);
/// How often a silent connection is tested: a server that vanished silently is noticed after two of these.
const TEST_INTERVAL: Duration = Duration::from_secs(10);

/// A NATS server or cluster that carries events. Cheap to clone.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    client: Client,
    jetstream: jetstream::Context,
    limits: StreamLimits,
}

/// Why a request to the broker failed.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The URL is not one of a NATS server.
    #[error("failed to read the broker's URL: {0}")]
    Url(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no connection at the moment.
    #[error("the broker is away")]
    Away,
    /// No answer came in time.
    #[error("the broker did not answer in time")]
    TimedOut,
    /// It answered with an error.
    #[error("the broker refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BrokerError {
    pub(crate) fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(error.into())
    }
}

impl Broker {
    /// Connects in the background, for ever. `url` is `nats://user:password@host:port` or `tls://…`; several servers of
    /// one cluster are separated by commas.
    ///
    /// # Errors
    /// [`BrokerError::Url`] only; a server that is away is not an error.
    pub async fn connect(url: &str) -> Result<Self, BrokerError> {
        Self::connect_with(url, StreamLimits::default()).await
    }

    /// The same, with other limits for the stream that the relay creates.
    ///
    /// # Errors
    /// [`BrokerError::Url`] only.
    pub async fn connect_with(url: &str, limits: StreamLimits) -> Result<Self, BrokerError> {
        let servers =
            url.split(',').map(|server| server.trim().parse()).collect::<Result<Vec<ServerAddr>, _>>();
        let servers = servers.map_err(|error| BrokerError::Url(error.into()))?;
        let client = signed_in(options(), &servers)
            .connect(servers)
            .await
            .map_err(|error| BrokerError::Url(error.into()))?;
        let jetstream =
            ContextBuilder::new().timeout(REQUEST_TIMEOUT).ack_timeout(REQUEST_TIMEOUT).build(client.clone());
        Ok(Self(Arc::new(Inner { client, jetstream, limits })))
    }

    /// Whether there is a connection at this moment.
    pub fn is_connected(&self) -> bool {
        self.0.client.connection_state() == State::Connected
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// JetStream for requests, if there is a connection. A request made without one would be queued and sent much
    /// later.
    pub(crate) fn jetstream(&self) -> Result<&jetstream::Context, BrokerError> {
        if self.is_connected() { Ok(&self.0.jetstream) } else { Err(BrokerError::Away) }
    }

    pub(crate) fn limits(&self) -> StreamLimits {
        self.0.limits
    }
}

fn options() -> ConnectOptions {
    ConnectOptions::new()
        .name("mensajeria")
        .retry_on_initial_connect()
        .max_reconnects(None)
        .reconnect_delay_callback(reconnect_delay)
        .ping_interval(TEST_INTERVAL)
        .connection_timeout(REQUEST_TIMEOUT)
        .request_timeout(Some(REQUEST_TIMEOUT))
}

/// The user of the URL, which the client does not read itself. A name without a password is a token.
fn signed_in(options: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
    let Some(server) = servers.iter().find(|server| server.has_user_pass()) else { return options };
    match (server.username().map(decoded), server.password().map(decoded)) {
        (Some(user), Some(password)) => options.user_and_password(user, password),
        (Some(token), None) => options.token(token),
        (None, _) => options,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn reconnect_delay(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    RECONNECT_DELAY_MIN.saturating_mul(2_u32.saturating_pow(doublings)).min(RECONNECT_DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_tries_grow_to_a_bound() {
        assert_eq!(reconnect_delay(1), RECONNECT_DELAY_MIN);
        assert_eq!(reconnect_delay(3), RECONNECT_DELAY_MIN * 4);
        assert_eq!(reconnect_delay(1_000_000), RECONNECT_DELAY_MAX);
    }

    #[tokio::test]
    async fn a_broker_that_is_away_does_not_hold_up_a_start() {
        let broker = Broker::connect("nats://user:password@127.0.0.1:1").await.unwrap();
        assert!(!broker.is_connected());
        assert!(matches!(broker.jetstream(), Err(BrokerError::Away)));
    }

    #[tokio::test]
    async fn a_url_that_is_none_is_refused() {
        assert!(matches!(Broker::connect("http://127.0.0.1").await, Err(BrokerError::Url(_))));
    }
}
