//! How settled rows leave the queue or wait again: one statement over arrays, one entry a row.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::RowState;
use super::settle::Step;

/// A row without `due_at` goes, one with it waits again. A row that is no longer as it was (another epoch, or another
/// state where one is named) is left alone. Returns the ordinals of the rows that were touched.
const SETTLE: &str = "
with settled as (
  select *
  from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::text[], $5::timestamptz[], $6::integer[], $7::bigint[],
              $8::timestamptz[])
       with ordinality as s (delivery_id, generation, epoch, state, due_at, attempt, stream_end, first_attempt_at, row)
), gone as (
  delete from send_queue q
  using settled s
  where s.due_at is null
    and q.delivery_id = s.delivery_id and q.generation = s.generation and q.epoch = s.epoch
    and (s.state is null or q.state = s.state)
  returning s.row
), back as (
  -- A new epoch, so that an owner that still believes to have the row can neither mark nor settle it.
  update send_queue q
  set state = 'waiting', epoch = q.epoch + 1, owner = null, provider = null,
      due_at = s.due_at, attempt = s.attempt, sequence = s.stream_end,
      first_attempt_at = coalesce(q.first_attempt_at, s.first_attempt_at)
  from settled s
  where s.due_at is not null
    and q.delivery_id = s.delivery_id and q.generation = s.generation and q.epoch = s.epoch
    and (s.state is null or q.state = s.state)
  returning s.row
)
select row from gone
union all
select row from back";

/// What changes when a row waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requeue {
    pub(super) due_at: DateTime<Utc>,
    pub(super) attempt: i32,
    pub(super) sequence: i64,
}

/// Settles the rows that are still as they were, and returns the places of their steps, in order.
pub(super) async fn settle(tx: &mut PgConnection, steps: &[Step<'_>]) -> sqlx::Result<Vec<usize>> {
    let rows = || steps.iter().map(|step| &step.settlement.row);
    let requeues = || steps.iter().map(|step| step.requeue);
    let ordinals: Vec<i64> = sqlx::query_scalar(SETTLE)
        .bind(rows().map(|row| row.delivery_id).collect::<Vec<_>>())
        .bind(rows().map(|row| row.generation).collect::<Vec<_>>())
        .bind(rows().map(|row| row.epoch).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.settlement.state.map(RowState::as_str)).collect::<Vec<_>>())
        .bind(requeues().map(|requeue| requeue.map(|requeue| requeue.due_at)).collect::<Vec<_>>())
        .bind(requeues().map(|requeue| requeue.map(|requeue| requeue.attempt)).collect::<Vec<_>>())
        .bind(requeues().map(|requeue| requeue.map(|requeue| requeue.sequence)).collect::<Vec<_>>())
        .bind(rows().map(|row| row.first_attempt_at).collect::<Vec<_>>())
        .fetch_all(tx)
        .await?;
    let mut places: Vec<usize> = ordinals.into_iter().map(|ordinal| ordinal as usize - 1).collect();
    places.sort_unstable();
    Ok(places)
}
