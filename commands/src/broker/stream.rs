//! The stream that mirrors the log: how it is created, and whether it still agrees with the log.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use domain::Position;
use tokio::time::timeout;
use uuid::Uuid;

use super::names::{stream_name, stream_subjects};
use super::{Broker, BrokerError, REQUEST_TIMEOUT};
use crate::log::{Reader, envelope, head_and_id};

/// The largest message that the stream takes, in bytes: what an unconfigured NATS server carries.
const MESSAGE_BYTES_MAX: i32 = 1024 * 1024;
/// Publishing is idempotent by the expected sequence, so the broker need not remember ids; this is the shortest window
/// that it accepts.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);

/// How much of the log the stream keeps. It is a window; PostgreSQL has the whole history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// How many servers of a cluster keep a copy.
    pub replicas: usize,
    /// How old a message may become.
    pub age_max: Duration,
    /// How large the stream may become, in bytes. A server sets this much aside for every stream.
    pub bytes_max: i64,
}

impl Default for StreamLimits {
    /// One copy, a week, 128 MiB: feeds that are further behind than some thousand events read PostgreSQL anyway, and
    /// many ledgers may share a server.
    fn default() -> Self {
        Self { replicas: 1, age_max: Duration::from_secs(7 * 24 * 3600), bytes_max: 128 << 20 }
    }
}

/// The stream compared with the log.
#[derive(Debug)]
pub(crate) enum StreamState {
    /// There is no stream.
    Absent,
    /// Its last message is the event of that position, or it has none left to compare.
    Agrees { stream: Box<Stream>, last: Position },
    /// It has events that the log does not have.
    Ahead { last: Position, head: Position },
    /// Its last message is not the event of that position.
    Differs { at: Position },
}

/// Why the stream could not be compared with the log.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The broker is at fault.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The database is at fault.
    #[error("failed to read the log: {0}")]
    Database(#[from] sqlx::Error),
}

/// The last message of a stream.
enum LastMessage {
    Expired,
    Event(Option<Uuid>),
}

/// Compares the stream with the log. The stream is read first, so that a healthy log has every event of it.
pub(crate) async fn compare_stream(log: &Reader, broker: &Broker) -> Result<StreamState, MirrorError> {
    let Some(stream) = within(find(broker, log.ledger())).await? else { return Ok(StreamState::Absent) };
    let last = stream.cached_info().state.last_sequence as Position;
    let (head, stored) = head_and_id(log.pool(), last).await?;
    if last > head {
        return Ok(StreamState::Ahead { last, head });
    }
    match within(last_message(&stream)).await? {
        LastMessage::Event(mirrored) if mirrored != stored => Ok(StreamState::Differs { at: last }),
        LastMessage::Event(_) | LastMessage::Expired => {
            Ok(StreamState::Agrees { stream: Box::new(stream), last })
        }
    }
}

/// Creates the stream so that its first message gets the sequence `first`.
pub(crate) async fn create(broker: &Broker, ledger: Uuid, first: Position) -> Result<(), BrokerError> {
    within(async {
        let created = broker.jetstream()?.create_stream(config(broker.limits(), ledger, first)).await;
        match created.map_err(|error| (error.kind(), error)) {
            // Another process created it in between; the next comparison shows whether it agrees.
            Err((CreateStreamErrorKind::JetStream(reason), _))
                if reason.error_code() == ErrorCode::STREAM_NAME_EXIST =>
            {
                Ok(())
            }
            Err((_, error)) => Err(BrokerError::refused(error)),
            Ok(_) => Ok(()),
        }
    })
    .await
}

/// Deletes the stream, if there is one.
pub(crate) async fn delete(broker: &Broker, ledger: Uuid) -> Result<(), BrokerError> {
    within(async {
        let deleted = broker.jetstream()?.delete_stream(stream_name(ledger)).await;
        unless_absent(deleted).map(|_| ())
    })
    .await
}

async fn find(broker: &Broker, ledger: Uuid) -> Result<Option<Stream>, BrokerError> {
    unless_absent(broker.jetstream()?.get_stream(stream_name(ledger)).await)
}

fn unless_absent<T>(
    answer: Result<T, async_nats::error::Error<GetStreamErrorKind>>,
) -> Result<Option<T>, BrokerError> {
    match answer.map_err(|error| (error.kind(), error)) {
        Ok(answer) => Ok(Some(answer)),
        Err((GetStreamErrorKind::JetStream(reason), _))
            if reason.error_code() == ErrorCode::STREAM_NOT_FOUND =>
        {
            Ok(None)
        }
        Err((_, error)) => Err(BrokerError::refused(error)),
    }
}

async fn last_message(stream: &Stream) -> Result<LastMessage, BrokerError> {
    let state = &stream.cached_info().state;
    if state.messages == 0 {
        return Ok(LastMessage::Expired);
    }
    match stream.get_raw_message(state.last_sequence).await {
        Ok(message) => Ok(LastMessage::Event(envelope::event_id(&message.payload))),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(LastMessage::Expired),
        Err(error) => Err(BrokerError::refused(error)),
    }
}

/// The client bounds the wait for an answer, but not the wait to be sent.
async fn within<T>(request: impl Future<Output = Result<T, BrokerError>>) -> Result<T, BrokerError> {
    timeout(REQUEST_TIMEOUT, request).await.unwrap_or(Err(BrokerError::TimedOut))
}

fn config(limits: StreamLimits, ledger: Uuid, first: Position) -> Config {
    Config {
        name: stream_name(ledger),
        description: Some("Mirror of an event log; PostgreSQL has the truth".to_owned()),
        subjects: vec![stream_subjects(ledger)],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        num_replicas: limits.replicas,
        max_age: limits.age_max,
        max_bytes: limits.bytes_max,
        max_message_size: MESSAGE_BYTES_MAX,
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        first_sequence: u64::try_from(first).ok(),
        ..Config::default()
    }
}
