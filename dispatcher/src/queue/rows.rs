//! The rows that a settlement changes, each only if it is still as it was.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::RowState;
use super::settle::Settlement;

/// Delivery and generation of the rows that were changed.
pub(super) type Touched = HashSet<(Uuid, i32)>;

/// What changes when a row waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requeue {
    pub(super) due_at: DateTime<Utc>,
    pub(super) attempt: i32,
    pub(super) sequence: i64,
}

/// The rows and their fences, as arrays.
struct Keys {
    delivery_ids: Vec<Uuid>,
    generations: Vec<i32>,
    epochs: Vec<i64>,
    states: Vec<Option<&'static str>>,
}

impl Keys {
    fn of(settlements: &[&Settlement]) -> Self {
        Self {
            delivery_ids: settlements.iter().map(|settlement| settlement.row.delivery_id).collect(),
            generations: settlements.iter().map(|settlement| settlement.row.generation).collect(),
            epochs: settlements.iter().map(|settlement| settlement.row.epoch).collect(),
            states: settlements.iter().map(|settlement| settlement.state.map(RowState::as_str)).collect(),
        }
    }
}

/// Takes settled rows away; returns those that were still as they were.
pub(super) async fn remove(tx: &mut PgConnection, gone: &[&Settlement]) -> sqlx::Result<Touched> {
    if gone.is_empty() {
        return Ok(HashSet::new());
    }
    let keys = Keys::of(gone);
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "delete from send_queue q
         using unnest($1::uuid[], $2::integer[], $3::bigint[], $4::text[]) as gone (delivery_id, generation, epoch, state)
         where q.delivery_id = gone.delivery_id and q.generation = gone.generation and q.epoch = gone.epoch
           and (gone.state is null or q.state = gone.state)
         returning q.delivery_id, q.generation",
    )
    .bind(keys.delivery_ids)
    .bind(keys.generations)
    .bind(keys.epochs)
    .bind(keys.states)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}

/// A row that waits again has a new epoch, so that whoever still believes to have it in hand can neither mark nor
/// settle it.
pub(super) async fn requeue_all(
    tx: &mut PgConnection,
    back: &[(&Settlement, Requeue)],
) -> sqlx::Result<Touched> {
    if back.is_empty() {
        return Ok(HashSet::new());
    }
    let keys = Keys::of(&back.iter().map(|(settlement, _)| *settlement).collect::<Vec<_>>());
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "update send_queue q
         set state = 'waiting', epoch = q.epoch + 1, owner = null, provider = null,
             due_at = back.due_at, attempt = back.attempt, sequence = back.sequence,
             first_attempt_at = coalesce(q.first_attempt_at, back.first_attempt_at)
         from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::text[], $5::timestamptz[], $6::integer[],
                     $7::bigint[], $8::timestamptz[])
              as back (delivery_id, generation, epoch, state, due_at, attempt, sequence, first_attempt_at)
         where q.delivery_id = back.delivery_id and q.generation = back.generation and q.epoch = back.epoch
           and (back.state is null or q.state = back.state)
         returning q.delivery_id, q.generation",
    )
    .bind(keys.delivery_ids)
    .bind(keys.generations)
    .bind(keys.epochs)
    .bind(keys.states)
    .bind(back.iter().map(|(_, requeue)| requeue.due_at).collect::<Vec<_>>())
    .bind(back.iter().map(|(_, requeue)| requeue.attempt).collect::<Vec<_>>())
    .bind(back.iter().map(|(_, requeue)| requeue.sequence).collect::<Vec<_>>())
    .bind(back.iter().map(|(settlement, _)| settlement.row.first_attempt_at).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}
