//! Puts filled tables in the place of those that serve, without a reader noticing.

use commands::begin;
use commands::log::EventLog;
use domain::Position;
use sqlx::PgConnection;

use super::fill::Fill;
use crate::engine::{BatchError, schema, swap_key};
use crate::projection::Projection;

/// How often a swap is tried before the live projector is made to wait for the fill.
const POLITE_TRIES_MAX: u32 = 50;
/// How far the fill may be behind what serves when it catches up while the live projector waits.
const WAITED_FOR_EVENTS_MAX: Position = 1_000;

/// Swaps. The live projector waits meanwhile; the fill stands exactly where the live tables stand, or past them.
pub(super) async fn swap(log: &EventLog, fill: &mut Fill) -> Result<(), BatchError> {
    let mut polite_tries = 0;
    while !try_swap(log, fill, polite_tries >= POLITE_TRIES_MAX).await? {
        polite_tries += 1;
        fill.up_to(log.head().await?).await?;
    }
    Ok(())
}

/// False if the fill is too far behind to let the live projector wait.
async fn try_swap(log: &EventLog, fill: &mut Fill, at_any_cost: bool) -> Result<bool, BatchError> {
    let projection = fill.target().projector.projection();
    let mut tx = begin(log.pool()).await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(swap_key(projection)).execute(&mut *tx).await?;
    let live = schema::checkpoint(&mut tx, projection.name()).await?;
    let live_position = live.as_ref().map_or(0, |live| live.position);
    if live_position - fill.position() > WAITED_FOR_EVENTS_MAX && !at_any_cost {
        return Ok(false);
    }
    if fill.position() < live_position {
        fill.up_to(live_position).await?;
    }
    // Whoever lost the lead might find another's half-filled tables under the name. Looked at in this transaction, they
    // cannot be dropped before its end.
    if schema::checkpoint(&mut tx, &fill.target().schema).await?.as_ref() != Some(fill.checkpoint()) {
        return Err(BatchError::Fenced);
    }
    rename(&mut tx, projection, live.is_some()).await?;
    fail::fail_point!("rebuild::before_swap", |_| std::process::abort());
    tx.commit().await?;
    Ok(true)
}

/// All within the swap's transaction: a reader finds the old tables or the new ones, never none.
async fn rename(tx: &mut PgConnection, projection: Projection, is_live: bool) -> sqlx::Result<()> {
    let (beside, replaced) = (schema::beside(projection), schema::replaced(projection));
    if is_live {
        schema::statements(tx, &format!("alter schema {projection} rename to {replaced}")).await?;
    }
    schema::statements(tx, &format!("alter schema {beside} rename to {projection}")).await?;
    Ok(())
}
