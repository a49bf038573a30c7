//! A retry: the people of earlier generations for whom it failed are sent to again, chunk by chunk.

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{AppendError, Draft};
use commands::send_tasks::{ReopenedChunk, add_totals, insert_reopened};
use cqrs_es::Aggregate;
use domain::deliveries::{
    Action, DELIVERIES, Deliveries, DeliveriesCommand, DeliveriesEvent, Totals, deliveries_stream,
};
use projections::queries::audience::{FailedChunk, failed_chunks};
use sqlx::PgPool;

use super::open::{Open, Step, advance, lock};
use super::resolver::{ResolveError, Resolver};

/// How many chunks are reopened in one transaction; fewer after each conflict, since chunks that are being sent move all
/// the time.
const CHUNKS_MAX: usize = 16;

/// A chunk that is reopened for some of its people.
struct Reopened {
    row: ReopenedChunk,
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
            row: ReopenedChunk {
                chunk: failed.chunk,
                chunk_people: chunk_people.unsigned_abs() as usize,
                people: event.members().len(),
            },
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
            let stream = deliveries_stream(open.notification(), chunk.row.chunk);
            Draft::of(DELIVERIES, stream, chunk.sequence, &chunk.event, metadata.clone())
        };
        let drafts: Vec<Draft> =
            reopened.iter().map(draft).collect::<Result<_, _>>().map_err(AppendError::from)?;
        let sealed = match drafts.is_empty() {
            true => None,
            false => Some(self.log.writer().seal(drafts, None).await?),
        };
        let recipients = reopened.iter().map(|chunk| chunk.row.people as i64).sum();
        let mut tx = begin(&self.pool).await?;
        if !lock(&mut tx, open).await? {
            return Ok(());
        }
        let step = Step { chunks: reopened.len().max(1) as i64, recipients, cursor: &last.to_be_bytes() };
        advance(&mut tx, open, step).await?;
        let chunks: Vec<ReopenedChunk> = reopened.iter().map(|chunk| chunk.row).collect();
        insert_reopened(&mut tx, open.notification(), &chunks, now).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_begins_before_the_first_chunk_and_goes_on_after_the_last() {
        assert_eq!(cursor_chunk(b""), 0);
        assert_eq!(cursor_chunk(&7_u32.to_be_bytes()), 7);
    }
}
