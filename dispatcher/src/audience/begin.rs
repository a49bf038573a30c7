//! The beginning of a notification whose time has come: from then on its audience is resolved, so that it goes to the people
//! of that moment. What expires while it waits ends here too.

use chrono::{DateTime, Utc};
use commands::log::AppendError;
use domain::notification::{
    BeginNotification, Beginning, Notification, NotificationCommand, NotificationEvent,
};
use domain::value::{CompanyId, NotificationId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::demand::{Demand, Measured};
use super::resolver::{ResolveError, Resolver, notification_draft};
use crate::notices;
use crate::tasks::follow_notification;

/// A notification whose row says that it is due.
pub(super) struct Due {
    pub(super) notification: NotificationId,
    pub(super) company: CompanyId,
}

/// The one that is due for the longest time; what another dispatcher is beginning is its own.
pub(super) async fn next_due(
    pool: &PgPool,
    now: DateTime<Utc>,
    resting: &[Uuid],
) -> sqlx::Result<Option<Due>> {
    let found: Option<(Uuid, Uuid)> = sqlx::query_as(
        "select a.notification_id, n.company_id
         from audiences a join send_notifications n using (notification_id)
         where not a.closed and a.due_at is not null and a.due_at <= $1 and a.notification_id <> all($2)
         order by a.due_at
         limit 1
         for update of a skip locked",
    )
    .bind(now)
    .bind(resting)
    .fetch_optional(pool)
    .await?;
    Ok(found
        .map(|(notification, company)| Due { notification: notification.into(), company: company.into() }))
}

impl Resolver {
    /// Begins a notification, or ends it if it has expired while it waited. Its stream decides: of two dispatchers one appends
    /// the event, and a pause, a cancellation or another time that is recorded there is obeyed before the row shows it.
    pub(super) async fn begin(&self, due: &Due) -> Result<(), ResolveError> {
        let loaded = self.log.reader().load::<Notification>(&due.notification.to_string()).await?;
        let at = (self.clock)();
        let Measured { people, approval_above, demand } = match loaded.state.beginning() {
            Beginning::At(_) => self.measure(due, &loaded.state, at).await?,
            Beginning::Begun | Beginning::Waits { .. } => Measured::default(),
        };
        let asks = demand.as_ref().map(Demand::asks);
        let begin = BeginNotification { at, people, approval_above, asks };
        let Ok(events) = loaded.state.decide(NotificationCommand::Begin(begin)) else {
            return Ok(follow_notification(&self.pool, due.notification).await?);
        };
        let metadata = self.requests.metadata_of_outcomes((due.notification, 1), due.company).await?;
        let drafts = events.iter().zip(loaded.sequence + 1..);
        let drafts = drafts
            .map(|(event, sequence)| notification_draft(due.notification, sequence, event, metadata.clone()))
            .collect::<Result<Vec<_>, AppendError>>()?;
        let notice = match &events[..] {
            [NotificationEvent::NotificationPausedByLimit { over }] => {
                let request = self.requests.get((due.notification, 1)).await?;
                notices::paused(&self.log, due.company, &request, *over, at).await?
            }
            _ => None,
        };
        let drafts = drafts.into_iter().chain(notice).collect();
        let sealed = self.log.writer().seal(drafts, None).await?;
        let mut tx = commands::begin(&self.pool).await?;
        if !lock_waiting(&mut tx, due.notification).await? {
            return Ok(());
        }
        let begins = matches!(events[..], [NotificationEvent::NotificationBegun { .. }]);
        if let Some(demand) = demand.filter(|_| begins)
            && !demand.take(&mut tx, due.notification).await?
        {
            return Ok(());
        }
        let appended = self.log.writer().append_in(&mut tx, &sealed).await?;
        if begins {
            mark_begun(&mut tx, due.notification, appended.last).await?;
        }
        fail::fail_point!("begin::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("begin::committed", |_| std::process::abort());
        self.log.writer().committed_in(&sealed, appended);
        if !begins {
            tracing::info!(
                notification = %due.notification,
                "a notification that is due does not begin: it passes a limit, needs an approval, or has expired"
            );
            follow_notification(&self.pool, due.notification).await?;
        }
        Ok(())
    }
}

/// False if another dispatcher begins it at this moment, or has begun it.
async fn lock_waiting(tx: &mut PgConnection, notification: NotificationId) -> sqlx::Result<bool> {
    let found = sqlx::query(
        "select from audiences
         where notification_id = $1 and generation = 1 and due_at is not null and not closed
         for update skip locked",
    )
    .bind(notification.uuid())
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// The audience is that of the views at this position.
async fn mark_begun(tx: &mut PgConnection, notification: NotificationId, position: i64) -> sqlx::Result<()> {
    sqlx::query(
        "update audiences set due_at = null, position = $2 where notification_id = $1 and generation = 1",
    )
    .bind(notification.uuid())
    .bind(position)
    .execute(tx)
    .await?;
    Ok(())
}
