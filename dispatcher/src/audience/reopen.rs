//! A retry: the people of earlier generations for whom it failed are sent to again, chunk by chunk.

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{AppendError, Draft};
use cqrs_es::Aggregate;
use domain::deliveries::{
    Action, DELIVERIES, Deliveries, DeliveriesCommand, DeliveriesEvent, Totals, deliveries_stream,
};
use projections::queries::audience::{FailedChunk, failed_chunks};
use sqlx::{PgConnection, PgPool};

use super::open::{Open, Step, advance, lock};
use super::resolver::{ResolveError, Resolver, keep_from_stopping};
use crate::tasks::add_totals;

/// How many chunks are reopened in one transaction; fewer after each conflict, since chunks that are being sent move all
/// the time.
const CHUNKS_MAX: usize = 16;

/// A chunk that is reopened for some of its people.
struct Reopened {
    chunk: u32,
    /// How many the chunk has.
    chunk_people: i32,
    people: i32,
    delta: Totals,
    event: DeliveriesEvent,
    sequence: i64,
}

impl Resolver {
    /// Reopens the next chunks; false if there are none. Those who fail again meanwhile are of this generation, and stay
    /// out. A chunk whose stream moved since it was read is read again in its next turn.
    pub(super) async fn reopen(&self, open: &Open) -> Result<bool, ResolveError> {
        let after = cursor_chunk(&open.cursor);
        let notification = open.notification();
        let limit = (CHUNKS_MAX >> self.conflicts.min(4)).max(1);
        let failed = failed_chunks(&self.pool, notification, open.generation(), after, limit).await?;
        let Some(last) = failed.last().map(|failed| failed.chunk) else { return Ok(false) };
        let people = chunk_people(&self.pool, open, &failed).await?;
        let mut reopened = Vec::with_capacity(failed.len());
        for (failed, chunk_people) in failed.into_iter().zip(people) {
            reopened.extend(self.reopened(open, failed, chunk_people).await?);
        }
        self.commit_reopened(open, last, &reopened, (self.clock)()).await?;
        Ok(true)
    }

    /// By the stream itself: the view may lag behind a doubt that has ended, or a bounce.
    async fn reopened(
        &self,
        open: &Open,
        failed: FailedChunk,
        chunk_people: i32,
    ) -> Result<Option<Reopened>, ResolveError> {
        let stream = deliveries_stream(open.notification(), failed.chunk);
        let loaded = self.log.reader().load::<Deliveries>(&stream).await?;
        let action = Action::Reopen { generation: open.generation(), members: failed.members };
        let command =
            DeliveriesCommand { notification: open.notification(), company: open.company(), action };
        let Some(event) = loaded.state.decide_each(command).event else { return Ok(None) };
        let mut after = loaded.state.clone();
        after.apply(event.clone());
        Ok(Some(Reopened {
            chunk: failed.chunk,
            chunk_people,
            people: event.members().len() as i32,
            delta: after.totals() - loaded.state.totals(),
            event,
            sequence: loaded.sequence + 1,
        }))
    }

    async fn commit_reopened(
        &self,
        open: &Open,
        last: u32,
        reopened: &[Reopened],
        now: DateTime<Utc>,
    ) -> Result<(), ResolveError> {
        let metadata = &self.requests.get(open.asked()).await?.metadata;
        let draft = |chunk: &Reopened| {
            let stream = deliveries_stream(open.notification(), chunk.chunk);
            Draft::of(DELIVERIES, stream, chunk.sequence, &chunk.event, metadata.clone())
        };
        let drafts: Vec<Draft> =
            reopened.iter().map(draft).collect::<Result<_, _>>().map_err(AppendError::from)?;
        let sealed = match drafts.is_empty() {
            true => None,
            false => Some(self.log.writer().seal(drafts, None).await?),
        };
        let recipients = reopened.iter().map(|chunk| i64::from(chunk.people)).sum();
        let mut tx = begin(&self.pool).await?;
        if !lock(&mut tx, open).await? {
            return Ok(());
        }
        let step = Step { chunks: reopened.len().max(1) as i64, recipients, cursor: &last.to_be_bytes() };
        advance(&mut tx, open, step).await?;
        insert_tasks(&mut tx, open, reopened, now).await?;
        let mut delta = Totals::default();
        reopened.iter().for_each(|chunk| delta += chunk.delta);
        add_totals(&mut tx, &[(open.notification(), delta)]).await?;
        let appended = match &sealed {
            Some(sealed) => Some(self.log.writer().append_in(&mut tx, sealed).await?),
            None => None,
        };
        fail::fail_point!("resolve::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("resolve::committed", |_| std::process::abort());
        if let (Some(sealed), Some(appended)) = (&sealed, appended) {
            self.log.writer().committed_in(sealed, appended);
        }
        Ok(())
    }
}

/// A cursor that is none is before the first chunk.
fn cursor_chunk(cursor: &[u8]) -> u32 {
    cursor.try_into().map_or(0, u32::from_be_bytes)
}

/// How many people each of these chunks has, as the view that names their failures knows it.
async fn chunk_people(pool: &PgPool, open: &Open, failed: &[FailedChunk]) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "select c.people from unnest($2::bigint[]) with ordinality as asked (chunk, place)
         join notifications.chunks c on c.notification_id = $1 and c.chunk = asked.chunk::integer
         order by asked.place",
    )
    .bind(open.notification_id)
    .bind(failed.iter().map(|failed| i64::from(failed.chunk)).collect::<Vec<_>>())
    .fetch_all(pool)
    .await
}

/// A chunk whose task is there keeps it, due now: its row is locked, so that a settlement that ends the task at this moment does it
/// before, or finds that the stream has moved.
async fn insert_tasks(
    tx: &mut PgConnection,
    open: &Open,
    reopened: &[Reopened],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    keep_from_stopping(tx, open).await?;
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
    .bind(open.notification_id)
    .bind(now)
    .bind(reopened.iter().map(|chunk| chunk.chunk as i32).collect::<Vec<_>>())
    .bind(reopened.iter().map(|chunk| chunk.people).collect::<Vec<_>>())
    .bind(reopened.iter().map(|chunk| chunk.chunk_people).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_begins_before_the_first_chunk_and_goes_on_after_the_last() {
        assert_eq!(cursor_chunk(b""), 0);
        assert_eq!(cursor_chunk(&7_u32.to_be_bytes()), 7);
    }
}
