//! The started marks: what is about to be given to a provider, committed before the provider could accept it.

use std::collections::HashSet;

use sqlx::PgPool;
use uuid::Uuid;

use super::QueueRow;

/// One row that a worker is about to send.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) delivery_id: Uuid,
    pub(crate) generation: i32,
    pub(crate) epoch: i64,
    /// With whom, so that a crash can name it.
    pub(crate) provider: String,
}

impl Mark {
    pub(crate) fn of(row: &QueueRow, provider: &str) -> Self {
        Self {
            delivery_id: row.delivery_id,
            generation: row.generation,
            epoch: row.epoch,
            provider: provider.to_owned(),
        }
    }
}

/// Takes the mark from rows that were provably not sent and stay with their owner: a crash then leaves them waiting. A
/// row that was settled meanwhile, or is somebody else's, stays as it is.
pub(crate) async fn unmark(pool: &PgPool, marks: &[Mark]) -> sqlx::Result<()> {
    sqlx::query(
        "update send_queue q
         set state = 'claimed', provider = null
         from unnest($1::uuid[], $2::integer[], $3::bigint[]) as mark (delivery_id, generation, epoch)
         where q.delivery_id = mark.delivery_id and q.generation = mark.generation and q.epoch = mark.epoch
           and q.state = 'started'",
    )
    .bind(marks.iter().map(|mark| mark.delivery_id).collect::<Vec<_>>())
    .bind(marks.iter().map(|mark| mark.generation).collect::<Vec<_>>())
    .bind(marks.iter().map(|mark| mark.epoch).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    fail::fail_point!("unmark::committed", |_| std::process::abort());
    Ok(())
}

/// Marks all that wait in one statement and tells each whether it may be sent. A row whose epoch has moved on belongs
/// to somebody else by now.
pub(crate) async fn mark_started(pool: &PgPool, marks: &[Mark]) -> sqlx::Result<Vec<bool>> {
    fail::fail_point!("start::before_commit", |_| std::process::abort());
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "update send_queue q
         set state = 'started', provider = mark.provider
         from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::text[])
              as mark (delivery_id, generation, epoch, provider)
         where q.delivery_id = mark.delivery_id and q.generation = mark.generation and q.epoch = mark.epoch
           and q.state = 'claimed'
         returning q.delivery_id, q.generation",
    )
    .bind(marks.iter().map(|mark| mark.delivery_id).collect::<Vec<_>>())
    .bind(marks.iter().map(|mark| mark.generation).collect::<Vec<_>>())
    .bind(marks.iter().map(|mark| mark.epoch).collect::<Vec<_>>())
    .bind(marks.iter().map(|mark| mark.provider.as_str()).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    fail::fail_point!("start::committed", |_| std::process::abort());
    let started: HashSet<_> = rows.into_iter().collect();
    Ok(marks.iter().map(|mark| started.contains(&(mark.delivery_id, mark.generation))).collect())
}
