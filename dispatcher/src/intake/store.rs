//! How a batch is taken in: everything and the position in one transaction.

use commands::begin;
use domain::Position;
use domain::notification::Beginning;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::batch::Batch;
use crate::tasks::controls;

/// Why a batch was not taken in.
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
) -> Result<(), StoreError> {
    let mut tx = begin(pool).await?;
    let moved = sqlx::query("update intake set position = $2 where position = $1").bind(from).bind(to);
    if moved.execute(&mut *tx).await?.rows_affected() == 0 {
        return Err(StoreError::Overtaken);
    }
    unpark(&mut tx, &batch.unparked).await?;
    controls::lock(&mut tx, &batch.notifications()).await?;
    remember(&mut tx, batch).await?;
    open_audiences(&mut tx, batch).await?;
    follow(&mut tx, batch).await?;
    remember_notices(&mut tx, &batch.told).await?;
    erase(&mut tx, &batch.erased).await?;
    park(&mut tx, &batch.parked).await?;
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

async fn remember(tx: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    for requested in &batch.requested {
        sqlx::query(
            "insert into send_notifications (notification_id, company_id, channel, recipient_kind, lane, expires_at,
                                             excludes_foreign)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict do nothing",
        )
        .bind(requested.notification.uuid())
        .bind(requested.company.uuid())
        .bind(requested.channel.as_str())
        .bind(requested.recipient_kind.as_str())
        .bind(requested.lane)
        .bind(requested.expires_at)
        .bind(requested.excludes_foreign)
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
            "insert into audiences (notification_id, generation, position, due_at)
             values ($1, $2, $3, case when not $4 then coalesce($5, 'infinity'::timestamptz) end)
             on conflict do nothing",
        )
        .bind(audience.notification)
        .bind(audience.generation)
        .bind(audience.position)
        .bind(audience.beginning == Beginning::Begun)
        .bind(audience.beginning.due_at())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "update send_notifications set generation = $2 where notification_id = $1 and generation < $2",
        )
        .bind(audience.notification)
        .bind(audience.generation)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// What happened to a notification before its request could be taken in counts too: it was cancelled at once, or its
/// request was parked.
async fn follow(tx: &mut PgConnection, batch: &Batch) -> sqlx::Result<()> {
    let requested: Vec<Uuid> =
        batch.requested.iter().map(|requested| requested.notification.uuid()).collect();
    let mut controlled = batch.controlled.clone();
    if !requested.is_empty() {
        controlled.extend(controls::changed_since_request(tx, &requested).await?);
    }
    controls::follow(tx, &controlled).await
}

async fn remember_notices(tx: &mut PgConnection, told: &[(Uuid, i64)]) -> sqlx::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into send_notices (notification_id, sequence)
         select * from unnest($1::uuid[], $2::bigint[]) on conflict do nothing",
    )
    .bind(told.iter().map(|(notification, _)| *notification).collect::<Vec<_>>())
    .bind(told.iter().map(|(_, sequence)| *sequence).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn is_remembered(tx: &mut PgConnection, notification: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from send_notifications where notification_id = $1)")
        .bind(notification)
        .fetch_one(tx)
        .await
}

/// Remembered for ever: a chunk that was cut before the erasure may come after it, and a process may still remember the
/// key.
async fn erase(tx: &mut PgConnection, erased: &[(Uuid, Position)]) -> sqlx::Result<()> {
    if erased.is_empty() {
        return Ok(());
    }
    let clients: Vec<Uuid> = erased.iter().map(|(client, _)| *client).collect();
    sqlx::query("insert into unsendable_clients (client_id) select distinct unnest($1::uuid[]) on conflict do nothing")
        .bind(&clients)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "insert into send_erasures (client_id, position)
         select client_id, max(position) from unnest($1::uuid[], $2::bigint[]) as e (client_id, position)
         group by client_id
         on conflict (client_id) do update set position = greatest(send_erasures.position, excluded.position)",
    )
    .bind(&clients)
    .bind(erased.iter().map(|(_, position)| *position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}
