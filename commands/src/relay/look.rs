//! Compares the stream with the log and changes neither.

use domain::Position;

use super::Halt;
use crate::broker::{Broker, MirrorError, StreamState, compare_stream};
use crate::log::Reader;

/// How the stream stands to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirror {
    /// There is no stream yet.
    Absent,
    /// Its last event is the one that the log has there.
    Follows {
        /// The position of that event.
        last: Position,
        /// The log's last position.
        head: Position,
    },
    /// They disagree, and a relay halts.
    Disagrees(Halt),
}

/// Compares the stream with the log.
///
/// # Errors
/// When NATS or PostgreSQL does not answer.
pub async fn look(log: &Reader, broker: &Broker) -> Result<Mirror, MirrorError> {
    Ok(match compare_stream(log, broker).await? {
        StreamState::Absent => Mirror::Absent,
        StreamState::Agrees { last, .. } => Mirror::Follows { last, head: log.head().await? },
        StreamState::Ahead { last, head } => Mirror::Disagrees(Halt::Ahead { last, head }),
        StreamState::Differs { at } => Mirror::Disagrees(Halt::Differs { at }),
    })
}
