//! The result of a command: executed now, executed before, or an error.

use domain::{DecodeError, Position};
use serde_json::Value;

use crate::log::{LoadError, SealError};

/// The result of a command that was executed.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// It was executed now.
    Now {
        /// Of its last event, or the log's head if nothing changed.
        position: Position,
    },
    /// It had been executed before, under the same key.
    Before {
        /// The first answer.
        answer: Value,
        /// The position of the first answer.
        position: Position,
    },
}

impl Done {
    /// The position that the caller's next read must have reached.
    pub const fn position(&self) -> Position {
        match self {
            Self::Now { position } | Self::Before { position, .. } => *position,
        }
    }
}

/// Why a command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<E: std::error::Error> {
    /// The rules refuse it: the caller's fault.
    #[error(transparent)]
    Refused(E),
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Other writers changed the stream each time: try again.
    #[error("the command met too many conflicts")]
    Conflict,
    /// An event would be larger than the log's limit.
    #[error("the command leads to too large an event")]
    TooLarge,
    /// The stream has an event that this version of the program cannot read: trying again does not help.
    #[error("failed to read the stream: {0}")]
    Unreadable(#[source] DecodeError),
    /// The log is not available, or the outcome is unknown: our fault. Trying again with the same key is safe.
    #[error("failed to carry the command out: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl<E: std::error::Error> CommandError<E> {
    pub(crate) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }

    /// The same, with a refusal of another kind.
    pub fn map_refusal<F: std::error::Error>(self, map: impl FnOnce(E) -> F) -> CommandError<F> {
        match self {
            Self::Refused(refusal) => CommandError::Refused(map(refusal)),
            Self::KeyReused => CommandError::KeyReused,
            Self::Conflict => CommandError::Conflict,
            Self::TooLarge => CommandError::TooLarge,
            Self::Unreadable(error) => CommandError::Unreadable(error),
            Self::Unavailable(error) => CommandError::Unavailable(error),
        }
    }
}

impl<E: std::error::Error> From<sqlx::Error> for CommandError<E> {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(error)
    }
}

impl<E: std::error::Error> From<LoadError> for CommandError<E> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Decode(error) => Self::Unreadable(error),
            LoadError::Seal(SealError::Forged) => Self::Unreadable(DecodeError::Sealed),
            other => Self::unavailable(other),
        }
    }
}
