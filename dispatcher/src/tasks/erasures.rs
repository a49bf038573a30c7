//! People who were erased: what nobody has sent to them yet is suppressed. Marks refuse them anyhow; this is for tasks that
//! wait.

use domain::deliveries::{Deliveries, Outcome, SuppressionReason};
use domain::value::Members;
use sqlx::PgPool;
use uuid::Uuid;

use super::load::deliveries;
use super::settle::{SettleError, Settler};
use super::stops::by_chunk;
use super::sweep::{changes, outcomes};
use super::{COLUMNS, ChunkId, Task, TaskError, TaskRow};

/// How many erasures are looked at in one round.
const ERASURES_MAX: i64 = 100;

/// Suppresses people who were erased in the tasks that nobody has. An erasure goes when none of its people is open in a task;
/// what an owner has is told to it.
pub(crate) async fn suppress_erased(settler: &Settler) -> Result<(), SettleError> {
    for client in erased(&settler.pool).await? {
        let (free, owned) = tasks_of(&settler.pool, client).await?;
        let is_over = !is_open(settler, &owned).await?;
        let suppressed = Outcome::Suppressed { reason: SuppressionReason::Erased, provider: None };
        let end = |_: &Task, deliveries: &Deliveries, members| outcomes(deliveries, members, &suppressed);
        let mut changes = changes(settler, free, end).await?;
        changes.retain(|change| !change.outcomes.is_empty());
        let is_done = changes.is_empty();
        settler.commit(None, &[], &changes).await?;
        // A task that was claimed meanwhile is looked at again before the erasure goes.
        if is_over && is_done {
            forget(&settler.pool, client).await?;
        }
    }
    Ok(())
}

/// Those of whom the view knows every chunk.
async fn erased(pool: &PgPool) -> sqlx::Result<Vec<Uuid>> {
    let any: bool = sqlx::query_scalar("select exists (select from send_erasures)").fetch_one(pool).await?;
    if !any {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "select client_id from send_erasures
         where position <= (select position from notifications.checkpoint) order by position limit $1",
    )
    .bind(ERASURES_MAX)
    .fetch_all(pool)
    .await
}

/// A client's tasks, with the members that are the client's: those that nobody has, and those of owners.
async fn tasks_of(
    pool: &PgPool,
    client: Uuid,
) -> sqlx::Result<(Vec<(Task, Members)>, Vec<(ChunkId, Members)>)> {
    let places: Vec<(Uuid, i32)> =
        sqlx::query_as("select notification_id, ordinal from notifications.recipients where client_id = $1")
            .bind(client)
            .fetch_all(pool)
            .await?;
    let chunks = by_chunk(places);
    let rows: Vec<(Option<Uuid>, TaskRow)> = rows(pool, chunks.keys()).await?;
    let (mut free, mut owned) = (Vec::new(), Vec::new());
    for (owner, row) in rows {
        let task = Task::from(row);
        let members = chunks.get(&task.id).copied().unwrap_or_default();
        match owner {
            None => free.push((task, members)),
            Some(_) => owned.push((task.id, members)),
        }
    }
    Ok((free, owned))
}

#[derive(sqlx::FromRow)]
struct OwnedRow {
    owner: Option<Uuid>,
    #[sqlx(flatten)]
    task: TaskRow,
}

async fn rows(
    pool: &PgPool,
    chunks: impl Iterator<Item = &ChunkId> + Clone,
) -> sqlx::Result<Vec<(Option<Uuid>, TaskRow)>> {
    let rows: Vec<OwnedRow> = sqlx::query_as(&format!(
        "select t.owner, {COLUMNS}
         from unnest($1::uuid[], $2::bigint[]) as asked (notification_id, chunk)
         join send_tasks t on t.notification_id = asked.notification_id and t.chunk = asked.chunk::integer
         where not t.is_parked"
    ))
    .bind(chunks.clone().map(|id| id.notification.uuid()).collect::<Vec<_>>())
    .bind(chunks.map(|id| i64::from(id.chunk)).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.owner, row.task)).collect())
}

/// Whether somebody of these is open. What cannot be read is not: its task is parked by its owner.
async fn is_open(settler: &Settler, owned: &[(ChunkId, Members)]) -> Result<bool, SettleError> {
    for (id, members) in owned {
        match deliveries(settler.log.reader(), *id).await {
            Ok((deliveries, _)) if deliveries.open_among(*members).is_empty() => {}
            Ok(_) => return Ok(true),
            Err(TaskError::Unreadable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

async fn forget(pool: &PgPool, client: Uuid) -> sqlx::Result<()> {
    sqlx::query("delete from send_erasures where client_id = $1").bind(client).execute(pool).await?;
    Ok(())
}
