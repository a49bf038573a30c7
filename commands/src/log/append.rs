//! The input, the result and the errors of an append.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use domain::Position;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::database::is_lost;

/// The actor, cause and origin of an event, as text, because cqrs-es reads metadata as a map of text. Names:
/// [`metadata`].
pub type Metadata = HashMap<String, String>;

/// The names that metadata uses.
pub mod metadata {
    /// The user who gave the command, as a UUID; absent for commands of the system.
    pub const ACTOR: &str = "actor";
    /// Where the command came from; sealed under the actor's key in the log.
    pub const IP: &str = "ip";
    /// The correlation id: the same for everything that one request led to.
    pub const CORRELATION: &str = "correlation_id";
    /// The event or command that led to this one.
    pub const CAUSATION: &str = "causation_id";
    /// The command that emitted it.
    pub const COMMAND: &str = "command_id";
    /// The W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
    /// The company it concerns, if one.
    pub const COMPANY: &str = "company";
}

/// One event before it has a position. Its personal data is in clear text; [`super::Writer`] seals it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Such as `message`.
    pub aggregate_type: String,
    /// The stream within the type.
    pub aggregate_id: String,
    /// Its number in the stream, from 1.
    pub sequence: i64,
    /// The variant's name.
    pub event_type: String,
    /// A number, as text.
    pub event_version: String,
    /// The event as JSON.
    pub payload: String,
    /// Actor, cause and origin.
    pub metadata: Metadata,
}

impl Draft {
    /// An event as the `sequence`th of its stream.
    ///
    /// # Errors
    /// When the event cannot be written as JSON.
    pub fn of<E: DomainEvent>(
        aggregate_type: &str,
        aggregate_id: impl Into<String>,
        sequence: i64,
        event: &E,
        metadata: Metadata,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: aggregate_id.into(),
            sequence,
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: serde_json::to_string(event)?,
            metadata,
        })
    }
}

/// The first answer to a command with an idempotency key.
#[derive(Debug, Clone)]
pub struct FirstAnswer {
    /// UUIDv5 of the caller and the caller's key, so that the keys of two callers never collide.
    pub command_id: Uuid,
    /// The caller.
    pub caller: Uuid,
    /// The fingerprint of the request, see [`super::Keys::fingerprint`].
    pub fingerprint: [u8; 32],
    /// The answer, without its position.
    pub answer: Value,
}

/// The priority of an append: requests of callers go before bulk work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A caller waits for the answer.
    Interactive,
    /// Chunks, outcomes, imports.
    Bulk,
}

/// The positions of an append and the one time at which it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Appended {
    /// Of the first event; one past `last` if there was none.
    pub first: Position,
    /// Of the last event; the head if there was none.
    pub last: Position,
    /// By the database's clock.
    pub stamp: DateTime<Utc>,
}

/// Why an append failed, or is not known to have succeeded.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another writer wrote the stream's next event first, or created the same key.
    #[error("the stream has moved on")]
    Conflict,
    /// The command was answered before; its first answer is in `command_log`.
    #[error("the command was answered already")]
    Answered,
    /// An event is larger than the broker can carry.
    #[error("an event is larger than {} bytes", super::EVENT_BYTES_MAX)]
    TooLarge,
    /// The queue of waiting requests is full.
    #[error("too many appends are waiting")]
    Overloaded,
    /// No answer arrived. The events may be in the log or not; repeating the request with the same command id is safe.
    #[error("the outcome of the append is unknown")]
    Unknown,
    /// The database refused or is away.
    #[error("failed to append: {0}")]
    Database(#[from] sqlx::Error),
    /// An event could not be written as JSON.
    #[error("failed to encode an event: {0}")]
    Encode(#[from] serde_json::Error),
    /// Personal data could not be sealed.
    #[error("failed to seal personal data: {0}")]
    Seal(#[from] super::SealError),
}

impl AppendError {
    /// Maps a violated constraint to its error by the constraint's name.
    pub(crate) fn of(error: sqlx::Error) -> Self {
        let constraint = error.as_database_error().and_then(|error| error.constraint());
        match constraint {
            Some("event_sequence_is_taken" | "event_position_is_taken" | "key_exists_already") => {
                Self::Conflict
            }
            Some("command_was_answered_already") => Self::Answered,
            Some("event_fits_the_broker") => Self::TooLarge,
            _ => Self::Database(error),
        }
    }

    /// Whether one request of a flush may be at fault, so that each must be tried alone.
    pub(crate) const fn is_of_one(&self) -> bool {
        matches!(self, Self::Conflict | Self::Answered | Self::TooLarge)
    }

    /// Whether the connection was lost together with the answer.
    pub(super) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Database(error) if is_lost(error))
    }
}
