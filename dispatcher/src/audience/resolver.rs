//! Freezes audiences: cuts one chunk after the other and closes, an alarm's before a campaign's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use commands::CommandContext;
use commands::log::{AppendError, Draft, EventLog, Metadata};
use domain::notification::{
    AUDIENCE, AudienceEvent, Notification, NotificationCommand, NotificationError, audience_stream,
};
use domain::value::{Channel, NotificationId, RecipientKind};
use serde_json::json;
use sqlx::{FromRow, PgConnection, PgPool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::chunk::Chunk;
use super::page::{Candidate, Wanted, page};
use super::preview;
use crate::Wakes;
use crate::request::{RequestError, Requests};
use commands::begin;

/// How often an audience is looked at that waits for the views to reach its request.
const BEHIND_POLL: Duration = Duration::from_millis(20);
/// How long the resolver rests after the database failed it.
const REST: Duration = Duration::from_millis(500);

/// Resolves open audiences. Any number may run: a row lock on the audience tells them apart.
pub(crate) struct Resolver {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) requests: Requests,
    pub(crate) wakes: Arc<Wakes>,
    pub(crate) poll: Duration,
    /// The page after the chunk that was cut last, read while that one was being appended.
    pub(crate) ahead: Option<Ahead>,
}

/// A page that was read before its turn.
pub(crate) struct Ahead {
    wanted: Wanted,
    after: Vec<u8>,
    candidates: Vec<Candidate>,
}

/// An audience that is not closed.
#[derive(Debug, FromRow)]
struct Open {
    notification_id: Uuid,
    generation: i32,
    company_id: Uuid,
    channel: String,
    recipient_kind: String,
    chunks: i64,
    recipients: i64,
    cursor: Vec<u8>,
    cancelled: bool,
}

/// What one step came to.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A chunk was cut or an audience closed: there may be more.
    Moved,
    /// An audience is open, but the views have not reached its request.
    Behind,
    /// No audience is open.
    Idle,
}

/// Why a step was not made; the same step is made again.
#[derive(Debug, thiserror::Error)]
enum ResolveError {
    #[error("failed to resolve an audience: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Close(#[from] commands::CommandError<NotificationError>),
}

impl Resolver {
    /// Resolves until it is cancelled. Cancelling it anywhere is safe: a chunk and its cursor are committed together.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.resolve_for_ever()).await;
    }

    async fn resolve_for_ever(&mut self) {
        loop {
            match self.step().await {
                Ok(Step::Moved) => {}
                Ok(Step::Behind) => sleep(BEHIND_POLL).await,
                // A bell that rang during the step is still heard.
                Ok(Step::Idle) => _ = timeout(self.poll, self.wakes.resolver.notified()).await,
                Err(error) => {
                    tracing::warn!(%error, "an audience could not be resolved, trying again");
                    sleep(REST).await;
                }
            }
        }
    }

    /// One chunk of the audience whose turn it is, or its end.
    async fn step(&mut self) -> Result<Step, ResolveError> {
        let mut tx = begin(&self.pool).await?;
        let Some(open) = next_open(&mut tx).await? else {
            return Ok(if any_open(&mut tx).await? { Step::Behind } else { Step::Idle });
        };
        let wanted = open.wanted();
        if open.cancelled {
            self.close(tx, &open, &wanted).await?;
            return Ok(Step::Moved);
        }
        let candidates = match self.ahead.take().filter(|ahead| ahead.is_of(&wanted, &open.cursor)) {
            Some(ahead) => ahead.candidates,
            None => page(&self.pool, &wanted, &open.cursor).await?,
        };
        match Chunk::cut(candidates) {
            Some(chunk) => {
                let cursor = chunk.cursor.clone();
                let (committed, ahead) = tokio::join!(
                    self.commit_chunk(tx, &open, &wanted, chunk),
                    self.read_ahead(wanted, cursor)
                );
                self.ahead = ahead;
                committed?;
            }
            None => self.close(tx, &open, &wanted).await?,
        }
        Ok(Step::Moved)
    }

    /// A page that cannot be read ahead is read in its turn.
    async fn read_ahead(&self, wanted: Wanted, after: Vec<u8>) -> Option<Ahead> {
        let candidates = page(&self.pool, &wanted, &after).await.ok()?;
        Some(Ahead { wanted, after, candidates })
    }

    /// The chunk's number is its place in the audience's stream, so that it cannot be committed twice.
    async fn commit_chunk(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        open: &Open,
        wanted: &Wanted,
        chunk: Chunk,
    ) -> Result<(), ResolveError> {
        let recipients = chunk.recipients.len() as i64;
        advance(&mut tx, open, recipients, &chunk.cursor).await?;
        let metadata = self.requests.get(wanted.notification).await?.metadata.clone();
        let draft = draft(open, wanted, chunk, metadata)?;
        let sealed = self.log.seal(vec![draft], None).await?;
        let appended = EventLog::append_in(&mut tx, &sealed).await?;
        tx.commit().await?;
        self.log.committed(appended.last);
        Ok(())
    }

    async fn close(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        open: &Open,
        wanted: &Wanted,
    ) -> Result<(), ResolveError> {
        let excluded = self.excluded(open, wanted).await?;
        mark_closed(&mut tx, open).await?;
        let id = wanted.notification.to_string();
        let command = NotificationCommand::CloseAudience {
            generation: open.generation.unsigned_abs(),
            total: open.recipients.unsigned_abs(),
            excluded,
        };
        let context = CommandContext::of_system().about(open.company_id.into());
        match self.log.decide::<Notification>(&id, command, &context).await {
            Ok(mut drafts) => {
                let metadata = &self.requests.get(wanted.notification).await?.metadata;
                drafts.iter_mut().for_each(|draft| draft.metadata.clone_from(metadata));
                let ready = self.log.ready::<NotificationError>(drafts, &context, &json!({})).await?;
                self.log.commit::<NotificationError>(tx, &ready, &context).await?;
                Ok(())
            }
            // It was closed before, by a process that died before it could say so here.
            Err(commands::CommandError::Refused(NotificationError::AudienceNotOpen)) => {
                Ok(tx.commit().await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Only a first generation leaves anybody out: a retry's audience has had an address already.
    async fn excluded(&self, open: &Open, wanted: &Wanted) -> sqlx::Result<BTreeMap<String, u64>> {
        if open.generation > 1 {
            return Ok(BTreeMap::new());
        }
        let audience = preview(&self.pool, open.company_id.into(), wanted.channel, wanted.kind).await?;
        Ok(audience.excluded)
    }
}

impl Ahead {
    fn is_of(&self, wanted: &Wanted, after: &[u8]) -> bool {
        self.wanted == *wanted && self.after == after
    }
}

impl Open {
    /// Rows come from events, so the words are always known.
    fn wanted(&self) -> Wanted {
        Wanted {
            notification: NotificationId::from(self.notification_id),
            company: self.company_id,
            channel: Channel::try_from(self.channel.as_str()).unwrap_or(Channel::Sms),
            kind: RecipientKind::try_from(self.recipient_kind.as_str()).unwrap_or(RecipientKind::Holder),
            generation: self.generation,
        }
    }
}

fn draft(open: &Open, wanted: &Wanted, chunk: Chunk, metadata: Metadata) -> Result<Draft, AppendError> {
    let generation = open.generation.unsigned_abs();
    let event = AudienceEvent::AudienceChunkResolved {
        notification: wanted.notification,
        company: open.company_id.into(),
        channel: wanted.channel,
        generation,
        recipients: chunk.recipients,
        cursor: chunk.cursor.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let stream = audience_stream(wanted.notification, generation);
    Ok(Draft::of(AUDIENCE, stream, open.chunks + 1, &event, metadata)?)
}

/// Alarms first, then the audience with the fewest chunks, so that several campaigns grow together. Views must have
/// reached the request: clients imported before it belong to it.
async fn next_open(tx: &mut PgConnection) -> sqlx::Result<Option<Open>> {
    sqlx::query_as(
        "select a.notification_id, a.generation, n.company_id, n.channel, n.recipient_kind, a.chunks, a.recipients,
                a.cursor, n.cancelled
         from audiences a join queued_notifications n using (notification_id)
         where not a.closed
           and a.position <= case a.generation
             when 1 then (select position from clients.checkpoint)
             else (select position from notifications.checkpoint) end
         order by n.lane, a.chunks, a.position
         limit 1
         for update of a skip locked",
    )
    .fetch_optional(tx)
    .await
}

async fn any_open(tx: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from audiences where not closed)").fetch_one(tx).await
}

async fn advance(tx: &mut PgConnection, open: &Open, recipients: i64, cursor: &[u8]) -> sqlx::Result<()> {
    sqlx::query(
        "update audiences set chunks = chunks + 1, recipients = recipients + $3, cursor = $4
         where notification_id = $1 and generation = $2",
    )
    .bind(open.notification_id)
    .bind(open.generation)
    .bind(recipients)
    .bind(cursor)
    .execute(tx)
    .await?;
    Ok(())
}

async fn mark_closed(tx: &mut PgConnection, open: &Open) -> sqlx::Result<()> {
    sqlx::query("update audiences set closed = true where notification_id = $1 and generation = $2")
        .bind(open.notification_id)
        .bind(open.generation)
        .execute(tx)
        .await?;
    Ok(())
}
