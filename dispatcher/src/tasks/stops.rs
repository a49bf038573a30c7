//! What an owner has that must not be sent any more.

use std::collections::BTreeMap;

use domain::value::{ClientId, Members, NotificationId, Ordinal};
use sqlx::PgPool;
use uuid::Uuid;

use super::{ChunkId, owners};

/// Why something must not be sent, or not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The notification was cancelled.
    Cancelled,
    /// The notification is paused.
    Paused,
    /// The people were erased.
    Erased,
}

/// Members of a task whom nothing must be sent any more, or not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) task: ChunkId,
    /// Who; everybody if none is named. Some may have an outcome already.
    pub(crate) members: Option<Members>,
    pub(crate) why: Stopped,
}

/// What of an owner's tasks is stopped. It is asked with each beat, so that what a resting provider holds up is withdrawn too.
pub(crate) async fn of_owner(pool: &PgPool, owner: Uuid) -> sqlx::Result<Vec<Stop>> {
    let stopped: Vec<(Uuid, i32, bool)> = sqlx::query_as(
        "select notification_id, chunk, stopped = 'paused' from send_tasks
         where owner = $1 and not is_parked and stopped in ('cancelled', 'paused')",
    )
    .bind(owner)
    .fetch_all(pool)
    .await?;
    let stopped = stopped.into_iter().map(|(notification, chunk, is_paused)| Stop {
        task: ChunkId { notification: notification.into(), chunk: chunk.unsigned_abs() },
        members: None,
        why: if is_paused { Stopped::Paused } else { Stopped::Cancelled },
    });
    Ok(stopped.chain(erased(pool, owner).await?).collect())
}

/// Refuses every start mark of a person whose erasure is committed: from the answer on no send to that person begins. The
/// intake does the same when it reads the event, and has suppressed what waits.
///
/// # Errors
/// When the database does not answer; the intake will do it all the same.
pub async fn stop_erased(pool: &PgPool, client: ClientId) -> sqlx::Result<()> {
    sqlx::query("insert into unsendable_clients (client_id) values ($1) on conflict do nothing")
        .bind(client.uuid())
        .execute(pool)
        .await?;
    owners::wait_for_marks(pool).await
}

/// Waits for the start marks that may not have seen a suppression that is committed: from the answer on no send to its address
/// begins.
///
/// # Errors
/// When the database does not answer; later marks see it all the same.
pub async fn stop_suppressed(pool: &PgPool) -> sqlx::Result<()> {
    owners::wait_for_marks(pool).await
}

/// Only while an erasure is under way, which is rare, is the view asked.
async fn erased(pool: &PgPool, owner: Uuid) -> sqlx::Result<Vec<Stop>> {
    let any: bool = sqlx::query_scalar("select exists (select from send_erasures)").fetch_one(pool).await?;
    if !any {
        return Ok(Vec::new());
    }
    let places: Vec<(Uuid, i32)> = sqlx::query_as(
        "select r.notification_id, r.ordinal
         from send_erasures e
         join notifications.recipients r on r.client_id = e.client_id
         join send_tasks t on t.notification_id = r.notification_id and t.chunk = (r.ordinal - 1) / 500 + 1
         where t.owner = $1 and not t.is_parked",
    )
    .bind(owner)
    .fetch_all(pool)
    .await?;
    let stop = |(task, members)| Stop { task, members: Some(members), why: Stopped::Erased };
    Ok(by_chunk(places).into_iter().map(stop).collect())
}

/// The members at these places of audiences, by chunk.
pub(super) fn by_chunk(places: Vec<(Uuid, i32)>) -> BTreeMap<ChunkId, Members> {
    let mut chunks = BTreeMap::<ChunkId, Members>::new();
    for (notification, ordinal) in places {
        let Some(ordinal) = u32::try_from(ordinal).ok().and_then(Ordinal::try_new) else { continue };
        let id = ChunkId { notification: NotificationId::from(notification), chunk: ordinal.chunk() };
        chunks.entry(id).or_default().insert(ordinal.member());
    }
    chunks
}
