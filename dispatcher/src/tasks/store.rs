//! The statements of a settlement.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::deliveries::DELIVERIES;
use sqlx::PgConnection;
use uuid::Uuid;

use super::next::Step;
use super::{ChunkId, Task};

/// What is to become of the row of a task.
pub(super) struct RowStep<'a> {
    pub(super) task: &'a Task,
    pub(super) step: Step,
    /// Nobody may take the task over before the commit.
    pub(super) is_locked: bool,
}

/// Moves the rows of tasks that still have the epoch of their change, in the order of their keys so that two settlements
/// never wait for each other; those that are kept are only looked at, or locked. Returns which were there.
pub(super) async fn take_steps(
    tx: &mut PgConnection,
    steps: &[RowStep<'_>],
) -> sqlx::Result<HashSet<ChunkId>> {
    let due_at = |step: Step| match step {
        Step::Requeue { due_at, .. } => Some(due_at),
        _ => None,
    };
    let people = |step: Step| match step {
        Step::Requeue { people, .. } => people as i32,
        _ => 0,
    };
    let column = |of: fn(&Task) -> i64| steps.iter().map(|row| of(row.task)).collect::<Vec<_>>();
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "with asked as materialized (
           select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::boolean[], $5::boolean[], $6::timestamptz[],
                                $7::integer[])
             as a (notification_id, chunk, epoch, is_kept, is_locked, due_at, people)),
         locked as materialized (
           select t.notification_id, t.chunk, a.is_kept, a.due_at, a.people
           from asked a join send_tasks t on t.notification_id = a.notification_id and t.chunk = a.chunk::integer
           where (not a.is_kept or a.is_locked) and t.epoch = a.epoch
           order by t.notification_id, t.chunk
           for update of t),
         finished as (
           delete from send_tasks t using locked l
           where not l.is_kept and l.due_at is null and t.notification_id = l.notification_id and t.chunk = l.chunk),
         requeued as (
           update send_tasks t
           set owner = null, epoch = t.epoch + 1, due_at = l.due_at, people = l.people
           from locked l
           where not l.is_kept and l.due_at is not null
             and t.notification_id = l.notification_id and t.chunk = l.chunk),
         unmarked as (
           delete from send_starts s using locked l
           where not l.is_kept and s.notification_id = l.notification_id and s.chunk = l.chunk)
         select notification_id, chunk from locked
         union all
         select t.notification_id, t.chunk
         from asked a join send_tasks t on t.notification_id = a.notification_id and t.chunk = a.chunk::integer
         where a.is_kept and not a.is_locked and t.epoch = a.epoch",
    )
    .bind(steps.iter().map(|row| row.task.id.notification.uuid()).collect::<Vec<_>>())
    .bind(column(|task| task.id.chunk.into()))
    .bind(column(|task| task.epoch))
    .bind(steps.iter().map(|row| row.step == Step::Keep).collect::<Vec<_>>())
    .bind(steps.iter().map(|row| row.is_locked).collect::<Vec<_>>())
    .bind(steps.iter().map(|row| due_at(row.step)).collect::<Vec<Option<DateTime<Utc>>>>())
    .bind(steps.iter().map(|row| people(row.step)).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    let id = |(notification, chunk): (Uuid, i32)| ChunkId {
        notification: notification.into(),
        chunk: chunk.unsigned_abs(),
    };
    Ok(rows.into_iter().map(id).collect())
}

/// The last sequence of each of these streams of deliveries, in their order; 0 of one that has not begun.
pub(crate) async fn stream_ends(
    connection: &mut PgConnection,
    streams: Vec<String>,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "select coalesce((select sequence from events
                          where aggregate_type = $1 and aggregate_id = asked.id
                          order by sequence desc limit 1), 0)
         from unnest($2::text[]) with ordinality as asked (id, place) order by place",
    )
    .bind(DELIVERIES)
    .bind(streams)
    .fetch_all(connection)
    .await
}
