//! Clears away what nobody will ask for again: first answers after a week, sessions that are over.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio::time::interval;

use crate::state::AppState;

/// How long a first answer is kept.
const ANSWERS_KEPT: TimeDelta = TimeDelta::days(7);
/// How often it is looked. Several front doors do so at once without harm.
const PRUNE_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// How many rows one statement deletes, so that none holds the table for long.
const PAGE_ROWS: i64 = 5_000;

/// Prunes for ever.
pub(super) async fn prune(state: AppState) {
    let mut ticks = interval(PRUNE_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = prune_once(state.pool(), state.now()).await {
            tracing::warn!(%error, "failed to clear old answers away; will try again");
        }
    }
}

async fn prune_once(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    while answers(pool, now - ANSWERS_KEPT).await? == PAGE_ROWS.unsigned_abs() {}
    sqlx::query("delete from sessions where expires_at <= $1").bind(now).execute(pool).await?;
    Ok(())
}

/// Only those of people and their programs: what the system asks of itself under ids of its own is kept for ever.
async fn answers(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted = sqlx::query(
        "delete from command_log
         where command_id in (
           select command_id from command_log
           where created_at < $1 and exists (select from credentials where user_id = caller)
           limit $2)",
    )
    .bind(before)
    .bind(PAGE_ROWS)
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}
