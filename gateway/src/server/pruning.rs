//! Deletes expired rows: idempotent answers after a week, and expired sessions.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio::time::interval;

use crate::state::AppState;

/// How long the first answer to an idempotency key is kept.
const ANSWERS_KEPT: TimeDelta = TimeDelta::days(7);
/// The interval between two rounds. Several processes may prune at once without harm.
const PRUNE_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// How many rows one statement deletes, so that no statement locks many rows for long.
const PAGE_ROWS: i64 = 5_000;

/// Prunes until cancelled.
pub(super) async fn prune(state: AppState) {
    let mut ticks = interval(PRUNE_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = prune_once(state.pool(), state.now()).await {
            tracing::warn!(%error, "failed to delete expired rows; trying again later");
        }
    }
}

async fn prune_once(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    while answers(pool, now - ANSWERS_KEPT).await? == PAGE_ROWS.unsigned_abs() {}
    sqlx::query("delete from sessions where expires_at <= $1").bind(now).execute(pool).await?;
    Ok(())
}

/// Only the answers to users and programs are deleted. The system's own commands have ids of their own, which are kept
/// for ever.
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
