//! The rows of sending that change in the transaction of an event: the tasks of reopened chunks, generations, totals.

use chrono::{DateTime, Utc};
use domain::deliveries::Totals;
use domain::value::NotificationId;
use sqlx::PgConnection;

/// A chunk of which some people are to be sent to again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReopenedChunk {
    /// The chunk, from 1.
    pub chunk: u32,
    /// How many people it has.
    pub chunk_people: usize,
    /// How many of them are reopened.
    pub people: usize,
}

/// Inserts the tasks of reopened chunks, due now. A chunk whose task is there keeps it: its row is locked, so that a settlement
/// that ends the task at this moment does it before, or finds that the stream has moved.
///
/// The shared lock on the notification waits for a pause or a cancellation that is under way, and keeps the next one out until
/// the tasks can be seen.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_reopened(
    tx: &mut PgConnection,
    notification: NotificationId,
    chunks: &[ReopenedChunk],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("select from send_notifications where notification_id = $1 for share")
        .bind(notification.uuid())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "insert into send_tasks as t (notification_id, chunk, company_id, channel, lane, people, chunk_people, due_at,
                                      expires_at, stopped, epoch)
         select n.notification_id, c.chunk, n.company_id, n.channel, n.lane, c.people, c.chunk_people, $2, n.expires_at,
                case when n.cancelled then 'cancelled' when n.paused then 'paused' end, 1
         from send_notifications n, unnest($3::integer[], $4::integer[], $5::integer[]) as c (chunk, people, chunk_people)
         where n.notification_id = $1
         order by c.chunk
         on conflict (notification_id, chunk)
         do update set due_at = least(t.due_at, excluded.due_at), people = t.people + excluded.people",
    )
    .bind(notification.uuid())
    .bind(now)
    .bind(chunks.iter().map(|chunk| chunk.chunk as i32).collect::<Vec<_>>())
    .bind(chunks.iter().map(|chunk| chunk.people as i32).collect::<Vec<_>>())
    .bind(chunks.iter().map(|chunk| chunk.chunk_people as i32).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Says that a notification is in a generation that adds nobody to its audience; false if the notification has no row. While the
/// audience of an earlier generation is being resolved, its end closes this one too.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn begin_generation(
    tx: &mut PgConnection,
    notification: NotificationId,
    generation: u32,
    is_resolving: bool,
) -> sqlx::Result<bool> {
    let begun = sqlx::query(
        "update send_notifications
         set generation = greatest(generation, $2),
             closed_generation = case when $3 then closed_generation else greatest(closed_generation, $2) end
         where notification_id = $1",
    )
    .bind(notification.uuid())
    .bind(generation as i32)
    .bind(is_resolving)
    .execute(tx)
    .await?;
    Ok(begun.rows_affected() > 0)
}

/// Adds to the totals of notifications.
///
/// # Errors
/// When the database does not answer.
pub async fn add_totals(tx: &mut PgConnection, deltas: &[(NotificationId, Totals)]) -> sqlx::Result<()> {
    if deltas.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&Totals) -> i64| deltas.iter().map(|(_, delta)| of(delta)).collect::<Vec<_>>();
    sqlx::query(
        "insert into send_totals (notification_id, accepted, delivered, failed, suppressed, in_doubt, cancelled)
         select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                              $7::bigint[])",
    )
    .bind(deltas.iter().map(|(notification, _)| notification.uuid()).collect::<Vec<_>>())
    .bind(column(|delta| delta.accepted))
    .bind(column(|delta| delta.delivered))
    .bind(column(|delta| delta.failed))
    .bind(column(|delta| delta.suppressed))
    .bind(column(|delta| delta.in_doubt))
    .bind(column(|delta| delta.cancelled))
    .execute(tx)
    .await?;
    Ok(())
}
