//! Follows the pauses and shares of the providers, which commands write.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::provider::{Share, Traffic};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Line, each};

/// A row of `provider_switches`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct SwitchRow {
    provider_id: Uuid,
    pub(super) is_paused: bool,
    share: i32,
    moved_at: Option<DateTime<Utc>>,
    slow_after_ms: Option<i32>,
    late_above_percent: Option<i32>,
}

impl SwitchRow {
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            share: Share::of_percent(self.share),
            moved_at: self.moved_at,
            slow_after_ms: self.slow_after_ms.map(i32::unsigned_abs),
            late_above_percent: self.late_above_percent.and_then(|percent| u8::try_from(percent).ok()),
        }
    }
}

/// The switches of all providers that were ever paused or moved.
pub(super) async fn read(pool: &PgPool) -> sqlx::Result<HashMap<Uuid, SwitchRow>> {
    let rows: Vec<SwitchRow> = sqlx::query_as(
        "select provider_id, is_paused, share, moved_at, slow_after_ms, late_above_percent from provider_switches",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.provider_id, row)).collect())
}

/// Sets the switches of this process's providers.
pub(super) async fn follow(pool: &PgPool, lines: &[Line]) -> sqlx::Result<()> {
    let rows = read(pool).await?;
    for (_, provider) in each(lines) {
        let row = rows.get(&provider.id().uuid());
        let is_paused = row.is_some_and(|row| row.is_paused);
        let share = row.map_or(Share::WHOLE, |row| row.traffic().share);
        let gate = provider.gate();
        if gate.switch.set(is_paused, share) {
            tracing::info!(provider = gate.name, is_paused, "a provider was paused or resumed");
        }
    }
    Ok(())
}
