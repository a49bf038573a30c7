//! Swaps the filled tables with the live ones, without interrupting readers.

use commands::begin;
use commands::log::Reader;
use domain::Position;
use sqlx::PgConnection;

use super::fill::Fill;
use crate::engine::{BatchError, schema, swap_key};
use crate::projection::Projection;

/// How often a swap is tried before the live projector is made to wait for the fill.
const POLITE_TRIES_MAX: u32 = 50;
/// How far the fill may be behind the live tables when it catches up while the live projector waits.
const WAITED_FOR_EVENTS_MAX: Position = 1_000;
/// The same for a log that is too busy: still few enough to be filled before the database ends the idle transaction.
const INSISTED_ON_EVENTS_MAX: Position = 10_000;

/// Swaps. The live projector waits meanwhile; the fill is at the position of the live tables or past it.
pub(super) async fn swap(log: &Reader, fill: &mut Fill) -> Result<(), BatchError> {
    for _ in 0..POLITE_TRIES_MAX {
        if try_swap(log, fill, WAITED_FOR_EVENTS_MAX).await? {
            return Ok(());
        }
        fill.up_to(log.head().await?).await?;
    }
    if try_swap(log, fill, INSISTED_ON_EVENTS_MAX).await? { Ok(()) } else { Err(BatchError::TooSlow) }
}

/// False if the fill is further behind than `events_max`: the live projector must not wait that long.
async fn try_swap(log: &Reader, fill: &mut Fill, events_max: Position) -> Result<bool, BatchError> {
    let projection = fill.target().projector.projection();
    let mut tx = begin(log.pool()).await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(swap_key(projection)).execute(&mut *tx).await?;
    let live = schema::checkpoint(&mut tx, projection.name()).await?;
    let live_position = live.as_ref().map_or(0, |live| live.position);
    if live_position - fill.position() > events_max {
        return Ok(false);
    }
    if fill.position() < live_position {
        fill.up_to(live_position).await?;
    }
    // A rebuilder that lost its lock could find the half-filled tables of another under this name. Read in this
    // transaction, they cannot be dropped before its end.
    if schema::checkpoint(&mut tx, &fill.target().schema).await?.as_ref() != Some(fill.checkpoint()) {
        return Err(BatchError::Fenced);
    }
    rename(&mut tx, projection, live.is_some()).await?;
    fail::fail_point!("rebuild::before_swap", |_| std::process::abort());
    tx.commit().await?;
    Ok(true)
}

/// Everything runs in the swap's transaction: a reader finds the old tables or the new ones, never none.
async fn rename(tx: &mut PgConnection, projection: Projection, is_live: bool) -> sqlx::Result<()> {
    let (beside, replaced) = (schema::beside(projection), schema::replaced(projection));
    if is_live {
        schema::statements(tx, &format!("alter schema {projection} rename to {replaced}")).await?;
    }
    schema::statements(tx, &format!("alter schema {beside} rename to {projection}")).await?;
    Ok(())
}
