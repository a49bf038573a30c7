//! A reader of the JetStream stream, from a position on.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::{Config, Stream as Messages};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use domain::Position;
use futures::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::StoredEvent;
use crate::broker::{Broker, BrokerError, MirrorError, REQUEST_TIMEOUT, StreamState, compare_stream};
use crate::log::{Reader, envelope};

/// How many messages are requested ahead at most.
const PULL_MESSAGES_MAX: usize = 1_000;
/// How many bytes are requested ahead at most; one message always fits.
const PULL_BYTES_MAX: usize = 1024 * 1024;
/// How long one request for messages stays open.
const PULL_EXPIRY: Duration = Duration::from_secs(10);
/// How often the server sends a heartbeat while it has no messages.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// After this time the server deletes the consumer of a reader that went away.
const READER_FORGOTTEN_AFTER: Duration = Duration::from_secs(15);
/// How far the stream may be behind its reader, because the relay publishes a moment later.
const LATE_EVENTS_MAX: Position = 1_000;

/// A reader of the stream. It acknowledges nothing, and the server keeps no state for it: the position is kept here
/// only. An ordered consumer does no more, but this reader notices silence within seconds.
pub(super) struct Mirror {
    broker: Broker,
    messages: Messages,
    ledger: Uuid,
}

/// The next thing that the stream delivered.
pub(super) enum Received {
    /// The event after the one asked for.
    Event(Box<Message>),
    /// A gap: a later sequence, or a message that is not the event of its sequence.
    Gap,
    /// The subscription has ended.
    End,
}

/// An event with the size of its message and whether the stream has more.
pub(super) struct Message {
    pub(super) event: StoredEvent,
    pub(super) bytes: usize,
    pub(super) more_known: bool,
}

/// Why the mirror cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error("the stream disagrees with the log")]
    Disagrees,
}

impl Mirror {
    /// Reads the stream after a position, if the stream agrees with the log up to about there.
    pub(super) async fn open(log: Reader, broker: Broker, after: Position) -> Result<Self, OpenError> {
        let StreamState::Agrees { stream, last } = compare_stream(&log, &broker).await? else {
            return Err(OpenError::Disagrees);
        };
        let first = stream.cached_info().state.first_sequence as Position;
        if last + LATE_EVENTS_MAX < after || first > after + 1 {
            return Err(OpenError::Disagrees);
        }
        let opening = async {
            let reader: Consumer<Config> =
                stream.create_consumer(reader(after)).await.map_err(BrokerError::refused)?;
            messages(&reader).await
        };
        let messages = timeout(REQUEST_TIMEOUT, opening).await.unwrap_or(Err(BrokerError::TimedOut));
        Ok(Self { broker, messages: messages.map_err(MirrorError::from)?, ledger: log.ledger() })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.broker.is_connected()
    }

    /// The next delivery after `position`; older messages are dropped. Cancelling this at its await loses nothing.
    pub(super) async fn receive(&mut self, position: Position) -> Received {
        loop {
            let Some(Ok(message)) = self.messages.next().await else { return Received::End };
            let Ok(info) = message.info() else { return Received::Gap };
            let (sequence, pending) = (info.stream_sequence as Position, info.pending);
            if sequence > position {
                return self.event(&message, position + 1, sequence, pending);
            }
        }
    }

    fn event(
        &self,
        message: &jetstream::Message,
        wanted: Position,
        sequence: Position,
        pending: u64,
    ) -> Received {
        if sequence != wanted {
            return Received::Gap;
        }
        match envelope::read(&message.payload, self.ledger, sequence) {
            Some(event) => Received::Event(Box::new(Message {
                event,
                bytes: message.payload.len(),
                more_known: pending > 0,
            })),
            None => Received::Gap,
        }
    }
}

fn reader(after: Position) -> Config {
    Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: (after + 1).max(1) as u64 },
        ack_policy: AckPolicy::None,
        inactive_threshold: READER_FORGOTTEN_AFTER,
        num_replicas: 1,
        memory_storage: true,
        ..Config::default()
    }
}

async fn messages(reader: &Consumer<Config>) -> Result<Messages, BrokerError> {
    reader
        .stream()
        .max_messages_per_batch(PULL_MESSAGES_MAX)
        .max_bytes_per_batch(PULL_BYTES_MAX)
        .expires(PULL_EXPIRY)
        .heartbeat(HEARTBEAT)
        .messages()
        .await
        .map_err(BrokerError::refused)
}
