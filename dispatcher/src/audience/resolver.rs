//! Freezes audiences: cuts one chunk after the other and closes, an alarm's before a campaign's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use commands::log::{AppendError, Draft, EventLog, Metadata, Sealed};
use commands::{CommandContext, CommandError, begin};
use domain::notification::{
    AUDIENCE, AudienceEvent, Notification, NotificationCommand, NotificationError, audience_stream,
};
use domain::value::{Channel, NotificationId, RecipientKind};
use serde_json::json;
use sqlx::{FromRow, PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::aside::Aside;
use super::chunk::Chunk;
use super::page::{Candidate, Wanted, page};
use super::preview;
use crate::Wakes;
use crate::request::{RequestError, Requests};

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
    /// Audiences that failed; the others go on.
    pub(crate) aside: Aside,
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
    #[sqlx(try_from = "String")]
    channel: Channel,
    #[sqlx(try_from = "String")]
    recipient_kind: RecipientKind,
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

/// Why an audience was not resolved; it is tried again.
#[derive(Debug, thiserror::Error)]
enum ResolveError {
    #[error("failed to resolve an audience: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Close(#[from] CommandError<NotificationError>),
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
                    tracing::warn!(%error, "open audiences could not be looked for, trying again");
                    sleep(REST).await;
                }
            }
        }
    }

    /// One chunk of the audience whose turn it is, or its end.
    async fn step(&mut self) -> sqlx::Result<Step> {
        let resting = self.aside.resting(Instant::now());
        let Some(open) = next_open(&self.pool, &resting).await? else {
            return Ok(if any_open(&self.pool, &resting).await? { Step::Behind } else { Step::Idle });
        };
        match self.resolve(&open).await {
            Ok(()) => self.aside.forget(open.notification_id),
            Err(error) => self.set_aside(&open, &error),
        }
        Ok(Step::Moved)
    }

    /// Everything is read before the transaction begins, which then only writes.
    async fn resolve(&mut self, open: &Open) -> Result<(), ResolveError> {
        let wanted = open.wanted();
        let chunk = if open.cancelled { None } else { self.next_chunk(open, &wanted).await? };
        let Some(chunk) = chunk else { return self.close(open, &wanted).await };
        let cursor = chunk.cursor.clone();
        let (committed, ahead) =
            tokio::join!(self.commit_chunk(open, &wanted, chunk), self.read_ahead(wanted, cursor));
        self.ahead = ahead;
        committed
    }

    async fn next_chunk(&mut self, open: &Open, wanted: &Wanted) -> sqlx::Result<Option<Chunk>> {
        let candidates = match self.ahead.take().filter(|ahead| ahead.is_of(wanted, &open.cursor)) {
            Some(ahead) => ahead.candidates,
            None => page(&self.pool, wanted, &open.cursor).await?,
        };
        Ok(Chunk::cut(candidates))
    }

    fn set_aside(&mut self, open: &Open, error: &ResolveError) {
        let notification = open.notification_id;
        if self.aside.put(notification, Instant::now()) {
            tracing::error!(%error, %notification, "an audience fails again and again; the others go on");
        } else {
            tracing::warn!(%error, %notification, "an audience could not be resolved, trying again later");
        }
    }

    /// A page that cannot be read ahead is read in its turn.
    async fn read_ahead(&self, wanted: Wanted, after: Vec<u8>) -> Option<Ahead> {
        let candidates = page(&self.pool, &wanted, &after).await.ok()?;
        Some(Ahead { wanted, after, candidates })
    }

    /// The chunk's number is its place in the audience's stream, so that it cannot be committed twice.
    async fn commit_chunk(&self, open: &Open, wanted: &Wanted, chunk: Chunk) -> Result<(), ResolveError> {
        let (recipients, cursor) = (chunk.recipients.len() as i64, chunk.cursor.clone());
        let metadata = self.requests.get(open.asked()).await?.metadata.clone();
        let draft = draft(open, wanted, chunk, metadata)?;
        let sealed = self.log.writer().seal(vec![draft], None).await?;
        let mut tx = begin(&self.pool).await?;
        if !lock(&mut tx, open).await? {
            return Ok(());
        }
        advance(&mut tx, open, recipients, &cursor).await?;
        let appended = self.log.writer().append_in(&mut tx, &sealed).await?;
        fail::fail_point!("resolve::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("resolve::committed", |_| std::process::abort());
        self.log.writer().committed_in(&sealed, appended);
        Ok(())
    }

    async fn close(&self, open: &Open, wanted: &Wanted) -> Result<(), ResolveError> {
        let context = CommandContext::of_system().about(open.company_id.into());
        let closing = self.closing(open, wanted, &context).await?;
        let mut tx = begin(&self.pool).await?;
        if !lock(&mut tx, open).await? {
            return Ok(());
        }
        mark_closed(&mut tx, open).await?;
        match closing {
            Some(ready) => _ = self.log.commit::<NotificationError>(tx, &ready, &context).await?,
            None => tx.commit().await?,
        }
        Ok(())
    }

    /// The event that closes it. None if it was closed before, by a process that died before it could say so here.
    async fn closing(
        &self,
        open: &Open,
        wanted: &Wanted,
        context: &CommandContext,
    ) -> Result<Option<Sealed>, ResolveError> {
        let command = NotificationCommand::CloseAudience {
            generation: open.generation.unsigned_abs(),
            total: open.recipients.unsigned_abs(),
            excluded: self.excluded(open, wanted).await?,
        };
        let id = wanted.notification.to_string();
        let mut drafts = match self.log.decide::<Notification>(&id, command, context).await {
            Err(CommandError::Refused(NotificationError::AudienceNotOpen)) => return Ok(None),
            decided => decided?,
        };
        let metadata = &self.requests.get(open.asked()).await?.metadata;
        drafts.iter_mut().for_each(|draft| draft.metadata.clone_from(metadata));
        Ok(Some(self.log.ready::<NotificationError>(drafts, context, &json!({})).await?))
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
    fn asked(&self) -> (NotificationId, u32) {
        (self.notification_id.into(), self.generation.unsigned_abs())
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            notification: NotificationId::from(self.notification_id),
            company: self.company_id,
            channel: self.channel,
            kind: self.recipient_kind,
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
/// reached the request: clients imported before it belong to it. What another resolver is writing is its own.
async fn next_open(pool: &PgPool, resting: &[Uuid]) -> sqlx::Result<Option<Open>> {
    sqlx::query_as(
        "select a.notification_id, a.generation, n.company_id, n.channel, n.recipient_kind, a.chunks, a.recipients,
                a.cursor, n.cancelled
         from audiences a join queued_notifications n using (notification_id)
         where not a.closed and a.notification_id <> all($1)
           and a.position <= case a.generation
             when 1 then (select position from clients.checkpoint)
             else (select position from notifications.checkpoint) end
         order by n.lane, a.chunks, a.position
         limit 1
         for update of a skip locked",
    )
    .bind(resting)
    .fetch_optional(pool)
    .await
}

async fn any_open(pool: &PgPool, resting: &[Uuid]) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from audiences where not closed and notification_id <> all($1))",
    )
    .bind(resting)
    .fetch_one(pool)
    .await
}

/// Keeps the others from an audience until the end of the transaction; false if one of them has it or has moved it since
/// it was read.
async fn lock(tx: &mut PgConnection, open: &Open) -> sqlx::Result<bool> {
    let found = sqlx::query(
        "select from audiences
         where notification_id = $1 and generation = $2 and chunks = $3 and not closed
         for update skip locked",
    )
    .bind(open.notification_id)
    .bind(open.generation)
    .bind(open.chunks)
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
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
