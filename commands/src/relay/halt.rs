//! Ends a halt: replaces a stream that disagrees with the log by a new one.

use domain::Position;

use super::RelayError;
use crate::broker::{Broker, create, delete};
use crate::log::Reader;

/// How far back a new stream starts. Readers that are further behind read PostgreSQL anyway.
const WINDOW_EVENTS: Position = 100_000;

/// Deletes the stream and creates it again; the running relay notices and continues. Nothing is lost, because the
/// stream is only a mirror. Returns the first position of the new stream.
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

/// The first position of a new stream.
pub(super) async fn first_position(log: &Reader) -> sqlx::Result<Position> {
    Ok((log.head().await? + 1 - WINDOW_EVENTS).max(1))
}
