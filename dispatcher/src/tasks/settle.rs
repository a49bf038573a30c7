//! Settlement: start marks, what became of members, their tasks and the events that say so, in one transaction.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{AppendError, Appended, Draft, EventLog, LoadError, Sealed, Writer};
use commands::purse;
use domain::deliveries::{DELIVERIES, Deliveries, MemberOutcome};
use domain::value::{Member, Members, NotificationId};
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use super::complete::{Completions, lock_notifications};
use super::decided::{Decided, count, decide, deltas, settled, stream};
use super::load::deliveries;
use super::marks::mark;
pub(crate) use super::next::Next;
pub(crate) use super::spent::Spent;
use super::spent::sent;
use super::suppressed::SuppressedAddresses;
use super::{ChunkId, Task, TaskError, add_totals, park, store};
pub(crate) use super::{Marked, StartMark};
use crate::options::Clock;
use crate::request::{RequestError, Requests, trace_id};
use crate::suppressions;

/// After this a commit's outcome is unknown. Asking again is safe: the stream's sequence and the task's epoch have moved.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often one commit is decided again because somebody else wrote a stream's next event first.
const CONFLICTS_MAX: usize = 10;

/// What has become of members of one chunk since the last settlement. At most one a chunk in a commit. Without outcomes it
/// ends a task of which nobody is open, and lets go of one of which nobody is in memory.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) task: Task,
    /// As last loaded or settled.
    pub(crate) deliveries: Deliveries,
    /// The last sequence of the stream of deliveries.
    pub(crate) sequence: i64,
    pub(crate) outcomes: Vec<MemberOutcome>,
    /// The members that the owner still works on; those with an outcome here, and those that only wait for a retry, are not
    /// among them.
    pub(crate) in_memory: Members,
    /// Until when those wait who are neither in memory nor deferred; none: not at all.
    pub(crate) aside_until: Option<DateTime<Utc>>,
    /// What the messages to these members take of the company's purse, if they count.
    pub(crate) spent: Vec<(Member, Spent)>,
    /// Members whose outcome stands under no start mark, as after a refusal before the mark or one whose mark was taken
    /// back. Only the task's owner may record it.
    pub(crate) unmarked: Members,
}

impl Change {
    /// Whether something is to be recorded of people who are not started.
    pub(super) fn needs_owner(&self) -> bool {
        self.outcomes.iter().any(|outcome| self.is_only_the_owners(outcome))
    }

    fn drop_what_only_the_owner_may_say(&mut self) {
        let outcomes = std::mem::take(&mut self.outcomes);
        self.outcomes = outcomes.into_iter().filter(|outcome| !self.is_only_the_owners(outcome)).collect();
    }

    /// The next owner of a task sends to everybody who is not started. What another says of them at that moment would
    /// contradict the provider's answer.
    fn is_only_the_owners(&self, outcome: &MemberOutcome) -> bool {
        self.unmarked.contains(outcome.member) || !outcome.outcome.ends_an_attempt()
    }
}

/// How a chunk stands after a settlement. Others may have written its stream meanwhile: members that a retry has reopened
/// are open here.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) deliveries: Deliveries,
    pub(crate) sequence: i64,
    pub(crate) next: Next,
}

/// Why nothing is known to be settled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    /// The database refused or is away.
    #[error("failed to settle: {0}")]
    Database(#[from] sqlx::Error),
    /// The outcomes could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A chunk could not be read again.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The notification could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What the events carry could not be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What happened to people who are not started may be recorded only by the owner of their task.
    #[error("the tasks belong to somebody else by now")]
    NotOurs(Vec<ChunkId>),
    /// No answer in time.
    #[error("the outcome of the settlement is unknown")]
    Unknown,
}

impl SettleError {
    /// Whether it may be the fault of one change, and not of the database.
    const fn may_be_of_one(&self) -> bool {
        matches!(
            self,
            Self::Task(TaskError::Unreadable { .. })
                | Self::Append(AppendError::TooLarge | AppendError::Encode(_) | AppendError::Seal(_))
        )
    }

    const fn is_conflict(&self) -> bool {
        matches!(self, Self::Append(AppendError::Conflict))
    }
}

type Committed = (Vec<Marked>, Vec<Settled>);

/// Settles. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Settler {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(super) requests: Requests,
    pub(super) clock: Clock,
    /// Rung after each settlement, for the receipts that wait for one.
    settled: Arc<Notify>,
    suppressed: Arc<SuppressedAddresses>,
}

impl Settler {
    pub(crate) fn new(log: EventLog, pool: PgPool, requests: Requests, clock: Clock) -> Self {
        Self { log, pool, requests, clock, settled: Arc::default(), suppressed: Arc::default() }
    }

    /// Rung after each settlement.
    pub(crate) fn settled(&self) -> Arc<Notify> {
        Arc::clone(&self.settled)
    }

    /// The addresses to which nothing is sent, as far as they are known: to be followed.
    pub(crate) fn suppressed(&self) -> Arc<SuppressedAddresses> {
        Arc::clone(&self.suppressed)
    }

    /// Commits start marks of an owner and changes of tasks, together. The answers are in the order of what was asked. A
    /// change that cannot be recorded by its own fault does not hurt the others: its task is parked.
    pub(crate) async fn commit(
        &self,
        owner: Option<Uuid>,
        marks: &[StartMark],
        changes: &[Change],
    ) -> Result<Committed, SettleError> {
        match self.commit_together(owner, marks, changes).await {
            Err(error) if error.may_be_of_one() => self.commit_each(owner, marks, changes).await,
            committed => committed,
        }
    }

    async fn commit_each(
        &self,
        owner: Option<Uuid>,
        marks: &[StartMark],
        changes: &[Change],
    ) -> Result<Committed, SettleError> {
        let (marked, _) = self.commit_together(owner, marks, &[]).await?;
        let mut all = Vec::with_capacity(changes.len());
        for change in changes {
            match self.commit_together(owner, &[], slice::from_ref(change)).await {
                Ok((_, settled)) => all.extend(settled),
                Err(error) if error.may_be_of_one() => {
                    park(&self.pool, &change.task, &error.to_string()).await?;
                    let Change { deliveries, sequence, .. } = change;
                    all.push(Settled {
                        deliveries: deliveries.clone(),
                        sequence: *sequence,
                        next: Next::Lost,
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok((marked, all))
    }

    /// Where another wrote a stream's next event first, its change is decided again.
    async fn commit_together(
        &self,
        owner: Option<Uuid>,
        marks: &[StartMark],
        changes: &[Change],
    ) -> Result<Committed, SettleError> {
        let (mut changes, mut conflicts) = (Cow::Borrowed(changes), 0);
        loop {
            let committed = timeout(SETTLE_TIMEOUT, self.try_commit(owner, marks, &changes));
            match committed.await.unwrap_or(Err(SettleError::Unknown)) {
                Err(error) if error.is_conflict() && conflicts < CONFLICTS_MAX => {
                    conflicts += 1;
                    self.reload_moved(changes.to_mut()).await?;
                }
                Err(SettleError::NotOurs(lost)) => {
                    let of_lost = changes.to_mut().iter_mut().filter(|change| lost.contains(&change.task.id));
                    of_lost.for_each(Change::drop_what_only_the_owner_may_say);
                }
                committed => return committed,
            }
        }
    }

    async fn reload_moved(&self, changes: &mut [Change]) -> Result<(), SettleError> {
        let streams = changes.iter().map(stream).collect();
        let ends = store::stream_ends(&mut *self.pool.acquire().await?, streams).await?;
        for (change, end) in changes.iter_mut().zip(ends).filter(|(change, end)| change.sequence != *end) {
            tracing::debug!(task = ?change.task.id, end, "somebody else wrote the stream of a chunk");
            (change.deliveries, change.sequence) = deliveries(self.log.reader(), change.task.id).await?;
        }
        Ok(())
    }

    async fn try_commit(
        &self,
        owner: Option<Uuid>,
        marks: &[StartMark],
        changes: &[Change],
    ) -> Result<Committed, SettleError> {
        let now = (self.clock)();
        let decided: Vec<Decided<'_>> = changes.iter().map(|change| decide(change, now)).collect();
        let sealed = self.sealed(&decided).await?;
        let mut tx = begin(&self.pool).await?;
        let marked = match owner {
            Some(owner) => mark(&mut tx, &self.log, &self.suppressed, owner, marks, now).await?,
            None => vec![Marked::Lost; marks.len()],
        };
        let ours = take_steps(&mut tx, &decided).await?;
        let lost = lost(&decided, &ours);
        if !lost.is_empty() {
            return Err(SettleError::NotOurs(lost));
        }
        add_totals(&mut tx, &deltas(&decided)).await?;
        purse::add(&mut tx, &sent(&decided), now).await?;
        let said = decided
            .iter()
            .filter_map(|one| Some((one.change.task.id, one.change.task.company, one.event.as_ref()?)));
        suppressions::order(&mut tx, said).await?;
        let completed = self.complete_finished(&mut tx, &decided, &ours).await?;
        // From here on the ledger is locked.
        let appended = append(self.log.writer(), &mut tx, sealed.as_ref()).await?;
        let completions = append(self.log.writer(), &mut tx, completed.as_ref()).await?;
        fail::fail_point!("start::before_commit", !marks.is_empty(), |_| std::process::abort());
        fail::fail_point!("settle::before_commit", sealed.is_some(), |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("start::committed", marks.iter().any(|mark| mark.is_started), |_| {
            std::process::abort()
        });
        fail::fail_point!("unmark::committed", marks.iter().any(|mark| !mark.is_started), |_| {
            std::process::abort()
        });
        fail::fail_point!("settle::committed", sealed.is_some(), |_| std::process::abort());
        for (sealed, appended) in [(sealed, appended), (completed, completions)] {
            if let (Some(sealed), Some(appended)) = (sealed, appended) {
                self.log.writer().committed_in(&sealed, appended);
            }
        }
        decided.iter().for_each(count);
        if !decided.is_empty() {
            self.settled.notify_one();
        }
        Ok((marked, decided.into_iter().zip(ours).map(settled).collect()))
    }

    /// Keys are read before the transaction begins.
    async fn sealed(&self, decided: &[Decided<'_>]) -> Result<Option<Sealed>, SettleError> {
        let mut drafts = Vec::with_capacity(decided.len());
        for Decided { change, event, .. } in decided {
            let Some(event) = event else { continue };
            let generation = change.outcomes.iter().map(|outcome| outcome.generation).max().unwrap_or(1);
            let asked = (change.task.id.notification, generation);
            let metadata = self.requests.metadata_of_outcomes(asked, change.task.company).await?;
            let task = change.task.id;
            tracing::debug!(trace_id = trace_id(&metadata), ?task, "outcomes are being recorded");
            let draft = Draft::of(DELIVERIES, stream(change), change.sequence + 1, event, metadata);
            drafts.push(draft.map_err(AppendError::from)?);
        }
        match drafts.is_empty() {
            true => Ok(None),
            false => Ok(Some(self.log.writer().seal(drafts, None).await?)),
        }
    }

    /// Completes the notifications of which this was the last.
    async fn complete_finished(
        &self,
        tx: &mut PgConnection,
        decided: &[Decided<'_>],
        ours: &[bool],
    ) -> Result<Option<Sealed>, SettleError> {
        let finished =
            decided.iter().zip(ours).filter(|(decided, is_ours)| **is_ours && decided.is_finished());
        let ids = sorted(finished.map(|(decided, _)| decided.change.task.id.notification));
        let drafts =
            Completions { log: self.log.reader(), requests: &self.requests }.drafts(tx, &ids).await?;
        match drafts.is_empty() {
            true => Ok(None),
            false => Ok(Some(self.log.writer().seal(drafts, None).await?)),
        }
    }
}

async fn append(
    writer: &Writer,
    tx: &mut PgConnection,
    sealed: Option<&Sealed>,
) -> Result<Option<Appended>, AppendError> {
    match sealed {
        Some(sealed) => writer.append_in(tx, sealed).await.map(Some),
        None => Ok(None),
    }
}

/// Moves the rows; says which were still as their change expected them. The notifications of tasks that end are locked
/// first: a cancellation locks in the same order.
async fn take_steps(tx: &mut PgConnection, decided: &[Decided<'_>]) -> Result<Vec<bool>, SettleError> {
    if decided.is_empty() {
        return Ok(Vec::new());
    }
    let finished = decided.iter().filter(|decided| decided.is_finished());
    lock_notifications(tx, &sorted(finished.map(|decided| decided.change.task.id.notification))).await?;
    let steps: Vec<_> = decided.iter().map(Decided::row).collect();
    let ours = store::take_steps(tx, &steps).await?;
    let unfenced: Vec<&Change> =
        decided.iter().filter(|decided| decided.needs_fence()).map(|decided| decided.change).collect();
    if !unfenced.is_empty() {
        // In a statement after the lock on the row, which a retry that reopens members holds too.
        let ends = store::stream_ends(tx, unfenced.iter().map(|change| stream(change)).collect()).await?;
        if unfenced.iter().zip(ends).any(|(change, end)| change.sequence != end) {
            return Err(AppendError::Conflict.into());
        }
    }
    Ok(decided.iter().map(|decided| ours.contains(&decided.change.task.id)).collect())
}

/// The tasks of which something is to be recorded that only their owner may say, and that are not ours any more: another may
/// be sending to these people.
fn lost(decided: &[Decided<'_>], ours: &[bool]) -> Vec<ChunkId> {
    let lost =
        decided.iter().zip(ours).filter(|(decided, is_ours)| !**is_ours && decided.change.needs_owner());
    lost.map(|(decided, _)| decided.change.task.id).collect()
}

fn sorted(ids: impl Iterator<Item = NotificationId>) -> Vec<NotificationId> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
