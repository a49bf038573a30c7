//! The way out of a halt: a new stream in place of the one that tells another story.

use domain::Position;

use super::RelayError;
use crate::broker::{Broker, create, delete};
use crate::log::Reader;

/// How far back a new stream starts: whoever is further behind reads PostgreSQL anyway.
const WINDOW_EVENTS: Position = 100_000;

/// Deletes the stream and makes it again; the running relay notices and goes on. Nothing is lost, because the stream
/// is only a mirror. Returns the first position that the new stream will have.
///
/// # Errors
/// When NATS or PostgreSQL does not answer.
pub async fn recreate(log: &Reader, broker: &Broker) -> Result<Position, RelayError> {
    let first = first_position(log).await?;
    delete(broker, log.ledger()).await?;
    create(broker, log.ledger(), first).await?;
    tracing::info!(first, "recreated the stream that mirrors the log");
    Ok(first)
}

/// Where a new stream starts.
pub(super) async fn first_position(log: &Reader) -> sqlx::Result<Position> {
    Ok((log.head().await? + 1 - WINDOW_EVENTS).max(1))
}
