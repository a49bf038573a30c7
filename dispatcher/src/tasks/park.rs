//! Tasks that are given back unsent, and those that this program cannot read: set aside, so that the rest flows, and taken
//! up again at a start.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::Task;

/// Gives back a task that was claimed and never worked on: it waits for anybody. One that is somebody else's by now stays as
/// it is.
pub(crate) async fn give_back(pool: &PgPool, task: &Task, due_at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query(
        "update send_tasks set owner = null, epoch = epoch + 1, due_at = $4
         where notification_id = $1 and chunk = $2 and epoch = $3 and not is_parked",
    )
    .bind(task.id.notification.uuid())
    .bind(task.id.chunk as i32)
    .bind(task.epoch)
    .bind(due_at)
    .execute(pool)
    .await?;
    Ok(())
}

/// Sets a task aside, and says so once. Its owner is forgotten, so that nothing more of it can be marked as started; its
/// marks stay, and tell who is in doubt once it can be read.
pub(crate) async fn park(pool: &PgPool, task: &Task, cause: &str) -> sqlx::Result<()> {
    let parked = sqlx::query(
        "update send_tasks set is_parked = true, owner = $4
         where notification_id = $1 and chunk = $2 and epoch = $3 and not is_parked",
    )
    .bind(task.id.notification.uuid())
    .bind(task.id.chunk as i32)
    .bind(task.epoch)
    .bind(Uuid::nil())
    .execute(pool)
    .await?;
    if parked.rows_affected() == 1 {
        metrics::counter!("mensajeria_tasks_parked_total").increment(1);
        let (notification, chunk) = (task.id.notification, task.id.chunk);
        tracing::error!(%notification, chunk, cause, "a task cannot be read and is parked; the others go on");
    }
    Ok(())
}

/// What an earlier program could not read, this one may: it is taken back like the tasks of a dead owner.
pub(crate) async fn unpark_all(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query("update send_tasks set is_parked = false where is_parked").execute(pool).await?;
    Ok(())
}
