//! The resolver: freezes audiences chunk by chunk, each with its task, and closes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{AppendError, Draft, EventLog, LoadError, Metadata};
use cqrs_es::Aggregate;
use domain::notification::{
    AUDIENCE, AudienceEvent, Notification, NotificationCommand, NotificationEvent, Recipient,
};
use domain::value::{CHUNK_MEMBERS, NotificationId};
use projections::queries::audience::{Candidate, page, preview};
use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::aside::Aside;
use super::begin::next_due;
use super::chunk::Chunk;
use super::open::{self, Open, any_open, lock, mark_closed, next_open};
use crate::Wakes;
use crate::options::Clock;
use crate::request::{RequestError, Requests};
use crate::tasks::settle::SettleError;
use crate::tasks::{Completions, has_tasks, lock_notifications};

/// How often an audience is looked at that waits for the views to reach its request.
pub(super) const BEHIND_POLL: Duration = Duration::from_millis(20);
/// How long the resolver rests after the database failed it.
const REST: Duration = Duration::from_millis(500);
/// How often in a row somebody else may write a stream first, before the audience rests.
const CONFLICTS_MAX: u32 = 50;
/// The aggregate type of notifications.
const NOTIFICATION: &str = "notification";

/// Resolves open audiences. Any number may run: a row lock on the audience tells them apart.
pub(crate) struct Resolver {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) requests: Requests,
    pub(crate) wakes: Arc<Wakes>,
    pub(crate) poll: Duration,
    pub(crate) clock: Clock,
    /// The page after the chunk that was cut last, read while that one was being appended.
    pub(crate) ahead: Option<Ahead>,
    /// How often in a row somebody else wrote a stream first.
    pub(crate) conflicts: u32,
    /// Audiences that failed; the others go on.
    pub(crate) aside: Aside,
}

/// A page that was read before its turn.
pub(crate) struct Ahead {
    notification: Uuid,
    after: Vec<u8>,
    candidates: Vec<Candidate>,
}

/// What one step came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A chunk was cut or an audience closed: there may be more.
    Moved,
    /// An audience is open, but the views have not reached its request.
    Behind,
    /// No audience is open.
    Idle,
}

/// Why an audience was not resolved; it is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("failed to resolve an audience: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Complete(#[from] SettleError),
    #[error("the view of clients has not reached the present")]
    Behind,
}

impl ResolveError {
    /// Somebody else wrote a stream first: it is decided again in the next step.
    const fn is_conflict(&self) -> bool {
        matches!(self, Self::Append(AppendError::Conflict))
    }
}

impl Resolver {
    /// Resolves until it is cancelled. Cancelling it anywhere is safe: a chunk, its task and the cursor are committed
    /// together.
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

    /// The beginning of what is due; else one chunk of the audience whose turn it is, or its end.
    pub(super) async fn step(&mut self) -> sqlx::Result<Step> {
        let resting = self.aside.resting(Instant::now());
        if let Some(due) = next_due(&self.pool, (self.clock)(), &resting).await? {
            let begun = self.begin(&due).await;
            return Ok(self.stepped(due.notification.uuid(), begun).await);
        }
        let Some(open) = next_open(&self.pool, &resting).await? else {
            return Ok(if any_open(&self.pool, &resting).await? { Step::Behind } else { Step::Idle });
        };
        let span = tracing::info_span!("resolve", trace_id = Empty, notification = %open.notification_id);
        let resolved = self.resolve(&open).instrument(span).await;
        if resolved.is_ok() {
            self.wakes.ring(open.channel);
        }
        Ok(self.stepped(open.notification_id, resolved).await)
    }

    /// Whatever came of the step, there may be more to do.
    async fn stepped(&mut self, notification: Uuid, outcome: Result<(), ResolveError>) -> Step {
        match outcome {
            Ok(()) => {
                self.aside.forget(notification);
                self.conflicts = 0;
            }
            Err(error) if error.is_conflict() && self.conflicts < CONFLICTS_MAX => {
                self.conflicts += 1;
                sleep(BEHIND_POLL).await;
            }
            Err(error) => self.set_aside(notification, &error),
        }
        Step::Moved
    }

    /// Everything is read before the transaction begins, which then only writes.
    async fn resolve(&mut self, open: &Open) -> Result<(), ResolveError> {
        if let Ok(request) = self.requests.get(open.asked()).await {
            Span::current().record("trace_id", request.trace_id.as_str());
        }
        if open.cancelled {
            return self.close(open).await;
        }
        if open.generation > 1 {
            return if self.reopen(open).await? { Ok(()) } else { self.close(open).await };
        }
        let Some(chunk) = self.next_chunk(open).await? else { return self.close(open).await };
        let cursor = chunk.cursor.clone();
        let (committed, ahead) = tokio::join!(self.commit_chunk(open, chunk), self.read_ahead(open, cursor));
        self.ahead = ahead;
        committed
    }

    async fn next_chunk(&mut self, open: &Open) -> Result<Option<Chunk>, ResolveError> {
        let candidates = match self.ahead.take().filter(|ahead| ahead.is_of(open)) {
            Some(ahead) => ahead.candidates,
            None => self.page(open, &open.cursor).await?,
        };
        Ok(Chunk::cut(candidates))
    }

    /// The chosen clients of the company, unless the request, which must be readable, names the one person.
    async fn page(&self, open: &Open, after: &[u8]) -> Result<Vec<Candidate>, ResolveError> {
        let request = self.requests.get(open.asked()).await?;
        if let Some(only) = &request.only_to {
            return Ok(if open.chunks == 0 && after.is_empty() { vec![alone(only)] } else { vec![] });
        }
        let selection = open.selection(&request.filter);
        let mut candidates = page(&self.pool, &selection, after, CHUNK_MEMBERS as usize).await?;
        let text = request.text.as_ref().and_then(|text| text.as_ref().ok());
        candidates.iter_mut().for_each(|candidate| candidate.keep_what_is_named(text));
        Ok(candidates)
    }

    fn set_aside(&mut self, notification: Uuid, error: &ResolveError) {
        if self.aside.put(notification, Instant::now()) {
            tracing::error!(%error, %notification, "an audience fails again and again; the others go on");
        } else {
            tracing::warn!(%error, %notification, "an audience could not be resolved, trying again later");
        }
    }

    /// A page that cannot be read ahead is read in its turn.
    async fn read_ahead(&self, open: &Open, after: Vec<u8>) -> Option<Ahead> {
        let candidates = self.page(open, &after).await.ok()?;
        Some(Ahead { notification: open.notification_id, after, candidates })
    }

    /// The chunk's number is its place in the audience's stream, so that it cannot be committed twice, and neither can its
    /// task.
    async fn commit_chunk(&self, open: &Open, chunk: Chunk) -> Result<(), ResolveError> {
        let (recipients, cursor) = (chunk.recipients.len() as i64, chunk.cursor.clone());
        let clients: Vec<Uuid> = chunk.recipients.iter().map(|recipient| recipient.client.uuid()).collect();
        let metadata = self.requests.get(open.asked()).await?.metadata.clone();
        let sealed = self.log.writer().seal(vec![draft(open, chunk, metadata)?], None).await?;
        let mut tx = begin(&self.pool).await?;
        if !lock(&mut tx, open).await? {
            return Ok(());
        }
        open::advance(&mut tx, open, open::Step { chunks: 1, recipients, cursor: &cursor }).await?;
        insert_task(&mut tx, open, recipients, (self.clock)()).await?;
        let erased = erased_among(&mut tx, &clients).await?;
        let appended = self.log.writer().append_in(&mut tx, &sealed).await?;
        suppress_again(&mut tx, &erased, appended.last).await?;
        fail::fail_point!("resolve::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("resolve::committed", |_| std::process::abort());
        self.log.writer().committed_in(&sealed, appended);
        tracing::debug!(recipients, "a chunk of an audience is frozen");
        Ok(())
    }

    /// Closes an audience and, if nothing of it is left to be sent by then, completes the notification.
    async fn close(&self, open: &Open) -> Result<(), ResolveError> {
        let excluded = self.excluded(open).await?;
        let loaded = self.log.reader().load::<Notification>(&open.notification_id.to_string()).await?;
        let (mut state, mut sequence) = (loaded.state, loaded.sequence);
        let close = NotificationCommand::CloseAudience {
            generation: open.generation(),
            total: open.recipients.unsigned_abs(),
            excluded,
        };
        // Refused if it was closed before.
        let closed = state.decide(close).ok().and_then(|mut events| events.pop());
        let mut drafts = Vec::new();
        if let Some(event) = closed {
            sequence += 1;
            let metadata = self.requests.metadata_of_outcomes(open.asked(), open.company()).await?;
            drafts.push(notification_draft(open.notification(), sequence, &event, metadata)?);
            state.apply(event);
        }
        let mut tx = begin(&self.pool).await?;
        if !lock(&mut tx, open).await? {
            return Ok(());
        }
        lock_notifications(&mut tx, &[open.notification()]).await?;
        mark_closed(&mut tx, open).await?;
        if !has_tasks(&mut tx, open.notification()).await? {
            let completions = Completions { log: self.log.reader(), requests: &self.requests };
            drafts.extend(completions.draft(&mut tx, open.notification(), &state, sequence).await?);
        }
        if drafts.is_empty() {
            return Ok(tx.commit().await?);
        }
        // What closes and completes holds no personal data: no key is read here.
        let sealed = self.log.writer().seal(drafts, None).await?;
        let appended = self.log.writer().append_in(&mut tx, &sealed).await?;
        fail::fail_point!("resolve::before_close", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("resolve::closed", |_| std::process::abort());
        self.log.writer().committed_in(&sealed, appended);
        Ok(())
    }

    /// Only a first generation leaves anybody out: a retry's audience has had an address already.
    async fn excluded(&self, open: &Open) -> Result<BTreeMap<String, u64>, ResolveError> {
        if open.generation > 1 {
            return Ok(BTreeMap::new());
        }
        match self.requests.get(open.asked()).await {
            Ok(request) if request.only_to.is_some() => Ok(BTreeMap::new()),
            Ok(request) => Ok(preview(&self.pool, &open.selection(&request.filter)).await?.excluded),
            Err(RequestError::Database(error)) => Err(error.into()),
            // A cancelled audience is closed even if its request cannot be read.
            Err(_) => Ok(BTreeMap::new()),
        }
    }
}

/// An event of a notification's own stream.
pub(super) fn notification_draft(
    notification: NotificationId,
    sequence: i64,
    event: &NotificationEvent,
    metadata: Metadata,
) -> Result<Draft, AppendError> {
    Ok(Draft::of(NOTIFICATION, notification.uuid(), sequence, event, metadata)?)
}

impl Ahead {
    fn is_of(&self, open: &Open) -> bool {
        self.notification == open.notification_id && self.after == open.cursor
    }
}

/// The only person of an audience.
fn alone(recipient: &Recipient) -> Candidate {
    Candidate { recipient: recipient.clone(), index: vec![u8::MAX] }
}

fn draft(open: &Open, chunk: Chunk, metadata: Metadata) -> Result<Draft, AppendError> {
    let event = AudienceEvent::AudienceChunkResolved {
        notification: open.notification(),
        company: open.company(),
        channel: open.channel,
        recipients: chunk.recipients,
        cursor: chunk.cursor.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    Ok(Draft::of(AUDIENCE, open.notification_id, open.chunks + 1, &event, metadata)?)
}

/// The shared lock waits for a pause or a cancellation that is under way, and keeps the next one out until the task can be
/// seen.
async fn keep_from_stopping(tx: &mut PgConnection, open: &Open) -> sqlx::Result<()> {
    sqlx::query("select from send_notifications where notification_id = $1 for share")
        .bind(open.notification_id)
        .execute(tx)
        .await?;
    Ok(())
}

async fn insert_task(
    tx: &mut PgConnection,
    open: &Open,
    people: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    keep_from_stopping(tx, open).await?;
    sqlx::query(
        "insert into send_tasks (notification_id, chunk, company_id, channel, lane, people, chunk_people, due_at,
                                 expires_at, stopped)
         select notification_id, $2::integer, company_id, channel, lane, $3::integer, $3::integer, $4, expires_at,
                case when cancelled then 'cancelled' when paused then 'paused' end
         from send_notifications where notification_id = $1",
    )
    .bind(open.notification_id)
    .bind((open.chunks + 1) as i32)
    .bind(people as i32)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Who of a chunk was erased while the chunk was being cut.
async fn erased_among(tx: &mut PgConnection, clients: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select asked.client_id from unnest($1::uuid[]) as asked (client_id), lateral (
           select from unsendable_clients u where u.client_id = asked.client_id limit 1) erased",
    )
    .bind(clients)
    .fetch_all(tx)
    .await
}

/// The housekeeper looks for them once the view knows this chunk.
async fn suppress_again(tx: &mut PgConnection, clients: &[Uuid], position: i64) -> sqlx::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into send_erasures (client_id, position)
         select distinct client_id, $2::bigint from unnest($1::uuid[]) as erased (client_id)
         on conflict (client_id) do update set position = greatest(send_erasures.position, excluded.position)",
    )
    .bind(clients)
    .bind(position)
    .execute(tx)
    .await?;
    Ok(())
}
