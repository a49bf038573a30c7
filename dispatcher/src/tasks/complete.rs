//! Completion: the settlement that leaves nothing of the last generation open says so in its own transaction.

use commands::begin;
use commands::log::{AppendError, Draft, LoadError, Reader};
use domain::deliveries::Totals;
use domain::notification::{Notification, NotificationCommand, NotificationState};
use domain::value::NotificationId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::settle::{SettleError, Settler};
use crate::request::Requests;

/// The aggregate type of notifications.
const NOTIFICATION: &str = "notification";
/// How many notifications one look for those that were left over finds.
const LEFT_OVER_MAX: i64 = 100;

/// Completes notifications in the transaction of somebody else.
pub(crate) struct Completions<'a> {
    pub(crate) log: &'a Reader,
    pub(crate) requests: &'a Requests,
}

/// Locks what must not move while it is looked whether something is left; in order, before any task is locked.
pub(crate) async fn lock_notifications(tx: &mut PgConnection, ids: &[NotificationId]) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "select from send_notifications where notification_id = any($1)
         order by notification_id for no key update",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

impl Completions<'_> {
    /// The events that complete those of these notifications of which nothing is left. The caller has locked them in an
    /// earlier statement.
    pub(super) async fn drafts(
        &self,
        tx: &mut PgConnection,
        ids: &[NotificationId],
    ) -> Result<Vec<Draft>, SettleError> {
        let mut drafts = Vec::new();
        for notification in with_nothing_left(tx, ids).await? {
            let loaded = match self.log.load::<Notification>(&notification.to_string()).await {
                Ok(loaded) => loaded,
                Err(error @ (LoadError::Seal(_) | LoadError::Decode(_))) => {
                    // The outcomes are recorded all the same; the housekeeper tries again.
                    tracing::warn!(%error, %notification, "a notification cannot be completed");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            drafts.extend(self.draft(tx, notification, &loaded.state, loaded.sequence).await?);
        }
        Ok(drafts)
    }

    /// The event that completes a notification of which nothing is left, unless its rules refuse it: a retry or a
    /// cancellation may be recorded that the intake has not seen.
    pub(crate) async fn draft(
        &self,
        tx: &mut PgConnection,
        notification: NotificationId,
        state: &Notification,
        sequence: i64,
    ) -> Result<Option<Draft>, SettleError> {
        let generation = state.generation();
        let complete = |totals| state.decide(NotificationCommand::Complete { generation, totals });
        if complete(Totals::default()).is_err() {
            if state.state() == Some(NotificationState::Completed) {
                mark_completed(tx, notification, generation).await?;
            }
            return Ok(None);
        }
        let mut totals = state.totals();
        totals += take_totals(tx, notification).await?;
        mark_completed(tx, notification, generation).await?;
        let Some(event) = complete(totals).unwrap_or_default().pop() else { return Ok(None) };
        let company = state.company().unwrap_or_else(|| Uuid::nil().into());
        let metadata = self.requests.metadata_of_outcomes((notification, generation), company).await?;
        let draft = Draft::of(NOTIFICATION, notification.to_string(), sequence + 1, &event, metadata);
        Ok(Some(draft.map_err(AppendError::from)?))
    }
}

/// Those whose last generation is closed and that have no task, in a statement after the one that locked them.
async fn with_nothing_left(
    tx: &mut PgConnection,
    ids: &[NotificationId],
) -> sqlx::Result<Vec<NotificationId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let left: Vec<Uuid> = sqlx::query_scalar(
        "select notification_id from send_notifications n
         where n.notification_id = any($1) and n.closed_generation = n.generation
           and n.completed_generation < n.generation and not n.cancelled
           and not exists (select from send_tasks t where t.notification_id = n.notification_id)
         order by notification_id",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    Ok(left.into_iter().map(NotificationId::from).collect())
}

/// Whether a notification has a task.
pub(crate) async fn has_tasks(tx: &mut PgConnection, notification: NotificationId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from send_tasks where notification_id = $1)")
        .bind(notification.uuid())
        .fetch_one(tx)
        .await
}

#[derive(Default, FromRow)]
struct Sum {
    accepted: i64,
    delivered: i64,
    failed: i64,
    suppressed: i64,
    in_doubt: i64,
    cancelled: i64,
}

/// What settlements have added since the last completion; the next one begins at nothing.
async fn take_totals(tx: &mut PgConnection, notification: NotificationId) -> sqlx::Result<Totals> {
    let Sum { accepted, delivered, failed, suppressed, in_doubt, cancelled } = sqlx::query_as(
        "with taken as (delete from send_totals where notification_id = $1 returning *)
         select coalesce(sum(accepted), 0)::bigint as accepted, coalesce(sum(delivered), 0)::bigint as delivered,
                coalesce(sum(failed), 0)::bigint as failed, coalesce(sum(suppressed), 0)::bigint as suppressed,
                coalesce(sum(in_doubt), 0)::bigint as in_doubt, coalesce(sum(cancelled), 0)::bigint as cancelled
         from taken",
    )
    .bind(notification.uuid())
    .fetch_one(tx)
    .await?;
    Ok(Totals { accepted, delivered, failed, suppressed, in_doubt, cancelled })
}

async fn mark_completed(
    tx: &mut PgConnection,
    notification: NotificationId,
    generation: u32,
) -> sqlx::Result<()> {
    sqlx::query("update send_notifications set completed_generation = $2 where notification_id = $1")
        .bind(notification.uuid())
        .bind(generation as i32)
        .execute(tx)
        .await?;
    Ok(())
}

/// Completes what no settlement has completed, such as a notification that could not be read then. A net: nothing should
/// be found.
pub(crate) async fn complete_left_over(settler: &Settler) -> Result<(), SettleError> {
    let left: Vec<Uuid> = sqlx::query_scalar(
        "select notification_id from send_notifications n
         where n.completed_generation < n.generation and not n.cancelled and n.closed_generation = n.generation
           and not exists (select from send_tasks t where t.notification_id = n.notification_id)
         limit $1",
    )
    .bind(LEFT_OVER_MAX)
    .fetch_all(&settler.pool)
    .await?;
    for notification in left {
        complete(settler, notification.into()).await?;
    }
    Ok(())
}

async fn complete(settler: &Settler, notification: NotificationId) -> Result<(), SettleError> {
    let mut tx = begin(&settler.pool).await?;
    lock_notifications(&mut tx, &[notification]).await?;
    let completions = Completions { log: settler.log.reader(), requests: &settler.requests };
    let drafts = completions.drafts(&mut tx, &[notification]).await?;
    if drafts.is_empty() {
        return Ok(tx.commit().await?);
    }
    let sealed = settler.log.writer().seal(drafts, None).await?;
    let appended = settler.log.writer().append_in(&mut tx, &sealed).await?;
    tx.commit().await?;
    settler.log.writer().committed_in(&sealed, appended);
    Ok(())
}
