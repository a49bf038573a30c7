//! How a batch gets into the queue: everything and the position in one transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::notification::Addressee;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::batch::{Batch, Chunk};
use commands::begin;

/// Why a batch did not get into the queue.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// Somebody else has moved the position: what was read is not what comes next.
    #[error("the intake's position was moved by another")]
    Overtaken,
    /// The database refused or is away.
    #[error("failed to take a batch in: {0}")]
    Database(#[from] sqlx::Error),
}

/// How far the intake has read.
pub(super) async fn position(pool: &PgPool) -> sqlx::Result<Position> {
    sqlx::query_scalar("select position from intake").fetch_one(pool).await
}

/// Writes a batch that was read after `from` and ends at `to`. The position is the fence: of two intakes that read the
/// same events one is overtaken, and changes nothing.
pub(super) async fn store(
    pool: &PgPool,
    batch: &Batch,
    from: Position,
    to: Position,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut tx = begin(pool).await?;
    let moved = sqlx::query("update intake set position = $2 where position = $1").bind(from).bind(to);
    if moved.execute(&mut *tx).await?.rows_affected() == 0 {
        return Err(StoreError::Overtaken);
    }
    unpark(&mut tx, &batch.unparked).await?;
    remember(&mut tx, batch).await?;
    open_audiences(&mut tx, batch).await?;
    cancel(&mut tx, batch).await?;
    erase(&mut tx, &batch.erased).await?;
    park(&mut tx, &batch.parked).await?;
    for chunk in &batch.chunks {
        queue(&mut tx, chunk, now).await?;
    }
    fail::fail_point!("intake::before_commit", |_| std::process::abort());
    tx.commit().await?;
    fail::fail_point!("intake::committed", |_| std::process::abort());
    Ok(())
}

/// At most so many parked events, oldest first.
pub(super) async fn parked(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<Position>> {
    sqlx::query_scalar("select position from intake_parked order by position limit $1")
        .bind(limit)
        .fetch_all(pool)
        .await
}

async fn unpark(tx: &mut PgConnection, positions: &[Position]) -> sqlx::Result<()> {
    if positions.is_empty() {
        return Ok(());
    }
    sqlx::query("delete from intake_parked where position = any($1)").bind(positions).execute(tx).await?;
    Ok(())
}

async fn park(tx: &mut PgConnection, positions: &[Position]) -> sqlx::Result<()> {
    if positions.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into intake_parked (position) select * from unnest($1::bigint[]) on conflict do nothing",
    )
    .bind(positions)
    .execute(tx)
    .await?;
    Ok(())
}

/// A request that was parked may have been cancelled while nobody could read it.
async fn remember(tx: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    for requested in &batch.requested {
        sqlx::query(
            "insert into queued_notifications (notification_id, company_id, channel, recipient_kind, lane, expires_at,
                                               cancelled)
             values ($1, $2, $3, $4, $5, $6,
                     exists (select from events where aggregate_type = 'notification' and aggregate_id = $1::text
                               and event_type = 'NotificationCancelled'))
             on conflict do nothing",
        )
        .bind(requested.notification.uuid())
        .bind(requested.company.uuid())
        .bind(requested.channel.as_str())
        .bind(requested.recipient_kind.as_str())
        .bind(requested.lane)
        .bind(requested.expires_at)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// A retry of a notification whose request is parked has nothing to go by, and is parked with it.
async fn open_audiences(tx: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    for audience in &batch.audiences {
        if !is_remembered(tx, audience.notification).await? {
            tracing::error!(position = audience.position, "the intake parks a retry whose request is parked");
            park(tx, &[audience.position]).await?;
            continue;
        }
        sqlx::query(
            "insert into audiences (notification_id, generation, position)
             values ($1, $2, $3) on conflict do nothing",
        )
        .bind(audience.notification)
        .bind(audience.generation)
        .bind(audience.position)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn is_remembered(tx: &mut PgConnection, notification: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from queued_notifications where notification_id = $1)")
        .bind(notification)
        .fetch_one(tx)
        .await
}

async fn cancel(tx: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    if batch.cancelled.is_empty() {
        return Ok(());
    }
    sqlx::query("update queued_notifications set cancelled = true where notification_id = any($1)")
        .bind(&batch.cancelled)
        .execute(&mut *tx)
        .await?;
    withdraw(tx, "cancelled", &batch.cancelled).await
}

/// Remembered for ever: a chunk that was cut before the erasure may come after it, and a process may still remember the
/// key.
async fn erase(tx: &mut PgConnection, clients: &[Uuid]) -> sqlx::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    sqlx::query("insert into unsendable_clients (client_id) select distinct unnest($1::uuid[]) on conflict do nothing")
        .bind(clients)
        .execute(&mut *tx)
        .await?;
    withdraw(tx, "erased", clients).await
}

/// A withdrawal that is there already is written all the same, which takes its lock: one that the housekeeper is about to
/// finish, because it sees no row of this transaction yet, is asked for anew.
async fn withdraw(tx: &mut PgConnection, reason: &str, subjects: &[Uuid]) -> sqlx::Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into withdrawals (reason, subject) select distinct $1, subject from unnest($2::uuid[]) as subject
         on conflict on constraint withdrawal_is_asked_already do update set reason = excluded.reason",
    )
    .bind(reason)
    .bind(subjects)
    .execute(tx)
    .await?;
    Ok(())
}

/// Queues a chunk unless it was queued before. What must not be sent is queued all the same, and withdrawn at once: so
/// every recipient has an outcome, whatever came in between.
async fn queue(tx: &mut PgConnection, chunk: &Chunk, now: DateTime<Utc>) -> sqlx::Result<()> {
    let first = sqlx::query(
        "insert into queued_chunks (notification_id, generation, chunk) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(chunk.notification.uuid())
    .bind(chunk.generation)
    .bind(chunk.number);
    if first.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(());
    }
    let sequences = sequences(tx, chunk).await?;
    insert_rows(tx, chunk, &sequences, now).await?;
    let cancelled = cancelled_of(tx, chunk).await?;
    withdraw(tx, "cancelled", &cancelled).await?;
    let erased = erased_among(tx, chunk).await?;
    withdraw(tx, "erased", &[erased, unreadable(chunk)].concat()).await
}

/// The clients of a chunk whose addresses are gone.
fn unreadable(chunk: &Chunk) -> Vec<Uuid> {
    let gone = chunk.recipients.iter().filter(|recipient| recipient.addressee.get().is_none());
    gone.map(|recipient| recipient.client.uuid()).collect()
}

async fn erased_among(tx: &mut PgConnection, chunk: &Chunk) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("select client_id from unsendable_clients where client_id = any($1)")
        .bind(chunk.recipients.iter().map(|recipient| recipient.client.uuid()).collect::<Vec<_>>())
        .fetch_all(tx)
        .await
}

/// Where each delivery's stream stands; a first generation's streams have not begun.
async fn sequences(tx: &mut PgConnection, chunk: &Chunk) -> sqlx::Result<HashMap<String, i64>> {
    if chunk.generation == 1 {
        return Ok(HashMap::new());
    }
    let ids: Vec<String> = chunk.recipients.iter().map(|recipient| recipient.delivery.to_string()).collect();
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select aggregate_id, max(sequence) from events
         where aggregate_type = 'delivery' and aggregate_id = any($1) group by aggregate_id",
    )
    .bind(ids)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}

async fn insert_rows(
    tx: &mut PgConnection,
    chunk: &Chunk,
    sequences: &HashMap<String, i64>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let recipients = || chunk.recipients.iter();
    let addressee = |text: fn(&Addressee) -> &str| -> Vec<&str> {
        recipients().map(|recipient| recipient.addressee.get().map_or("", text)).collect()
    };
    let sequence = |id: String| sequences.get(&id).copied().unwrap_or(0);
    sqlx::query(
        "insert into send_queue (delivery_id, generation, notification_id, company_id, client_id, channel, lane,
                                 address, name, due_at, expires_at, sequence)
         select r.delivery_id, $2, n.notification_id, n.company_id, r.client_id, n.channel, n.lane,
                r.address, r.name, $3, n.expires_at, r.sequence
         from queued_notifications n,
              unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::bigint[])
                as r (delivery_id, client_id, address, name, sequence)
         where n.notification_id = $1
         on conflict do nothing",
    )
    .bind(chunk.notification.uuid())
    .bind(chunk.generation)
    .bind(now)
    .bind(recipients().map(|recipient| recipient.delivery.uuid()).collect::<Vec<_>>())
    .bind(recipients().map(|recipient| recipient.client.uuid()).collect::<Vec<_>>())
    .bind(addressee(|addressee| &addressee.address))
    .bind(addressee(|addressee| &addressee.contact_name))
    .bind(recipients().map(|recipient| sequence(recipient.delivery.to_string())).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// The chunk's notification, if it is cancelled.
async fn cancelled_of(tx: &mut PgConnection, chunk: &Chunk) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select notification_id from queued_notifications where notification_id = $1 and cancelled",
    )
    .bind(chunk.notification.uuid())
    .fetch_all(tx)
    .await
}
