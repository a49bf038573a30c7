//! Tells people of what happened to notifications: each event that the intake remembered once, whatever dies. The message and
//! the deletion of what is to be told are one transaction.

use std::sync::Arc;
use std::time::Duration;

use commands::log::{AppendError, Draft, EventLog, LoadError, Loaded, SealError};
use domain::Event;
use domain::company::Company;
use domain::message::{Addressed, RECIPIENTS_MAX};
use domain::notification::{
    Approval, ApprovalNeed, Beginning, Notification, NotificationEvent, NotificationState,
};
use domain::value::{CompanyId, NotificationId, Priority, Role, UserId};
use sqlx::PgPool;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::approvals::Subject;
use super::{Notice, message, title};
use crate::Wakes;
use crate::audience::Aside;
use crate::options::DispatcherOptions;
use crate::request::{RequestError, Requests};

/// How long the keeper rests after the database failed it.
const REST: Duration = Duration::from_millis(500);

/// Writes the messages about notifications. Several may run at once: only the one that deletes an event's row writes its message.
pub(crate) struct Notices {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) requests: Requests,
    pub(crate) wakes: Arc<Wakes>,
    pub(crate) options: DispatcherOptions,
    /// Notifications of which nobody could be told; the others go on.
    pub(crate) aside: Aside,
}

/// An event of which people are to be told.
struct Told {
    id: i64,
    notification: NotificationId,
    sequence: i64,
}

/// Why people were not told; it is tried again.
#[derive(Debug, thiserror::Error)]
enum NoticeError {
    #[error("failed to tell of a notification: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("the event cannot be read by this program")]
    Unreadable,
}

/// What the people of a notification's company are told of it.
enum News {
    Awaits(ApprovalNeed),
    AwaitsNow(ApprovalNeed),
    Approved(UserId),
    Rejected(UserId, Option<String>),
    Expired,
}

impl Notices {
    /// Works until it is cancelled. Cancelling it anywhere is safe.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.tell_for_ever()).await;
    }

    async fn tell_for_ever(&mut self) {
        loop {
            match self.step().await {
                Ok(true) => {}
                // A bell that rang during the step is still heard.
                Ok(false) => _ = timeout(self.options.poll, self.wakes.notices.notified()).await,
                Err(error) => {
                    tracing::warn!(%error, "what is to be told could not be looked for, trying again");
                    sleep(REST).await;
                }
            }
        }
    }

    /// Tells of one event; false if there is none.
    async fn step(&mut self) -> sqlx::Result<bool> {
        let resting = self.aside.resting(Instant::now());
        let Some(told) = next(&self.pool, &resting).await? else { return Ok(false) };
        let notification = told.notification.uuid();
        match self.tell(&told).await {
            Ok(()) => self.aside.forget(notification),
            Err(error) if self.aside.put(notification, Instant::now()) => {
                tracing::error!(%error, %notification, "people cannot be told of a notification; the others go on");
            }
            Err(error) => {
                tracing::warn!(%error, %notification, "people could not be told, trying again later")
            }
        }
        Ok(true)
    }

    async fn tell(&self, told: &Told) -> Result<(), NoticeError> {
        let draft = self.draft(told).await?;
        let sealed = self.log.writer().seal(draft.into_iter().collect(), None).await?;
        let mut tx = commands::begin(&self.pool).await?;
        let mine =
            sqlx::query("delete from send_notices where id = $1").bind(told.id).execute(&mut *tx).await?;
        if mine.rows_affected() == 0 {
            return Ok(());
        }
        if sealed.is_empty() {
            return Ok(tx.commit().await?);
        }
        let appended = self.log.writer().append_in(&mut tx, &sealed).await?;
        fail::fail_point!("notices::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("notices::committed", |_| std::process::abort());
        self.log.writer().committed_in(&sealed, appended);
        Ok(())
    }

    /// None if there is nobody to tell, or if it is no news any more.
    async fn draft(&self, told: &Told) -> Result<Option<Draft>, NoticeError> {
        let life = self.log.reader().load::<Notification>(&told.notification.to_string()).await?.state;
        let (Some(company), Some(author)) = (life.company(), life.author()) else { return Ok(None) };
        let news = self.event(told).await?;
        let Some(news) = news.filter(|news| news.is_news(&life)) else { return Ok(None) };
        let request = self.requests.get((told.notification, 1)).await?;
        let Loaded { state, .. } = self.log.reader().load::<Company>(&company.to_string()).await?;
        let profile = state.profile().cloned().unwrap_or_default();
        let (title, name) = (title(&request), name(&self.pool, author).await?);
        let subject = Subject {
            company: &profile,
            title: title.as_deref(),
            author: name.as_deref(),
            requested_at: request.requested_at,
        };
        let notice = self.notice(news, &subject, &life, (company, author)).await?;
        Ok(message(notice, (self.options.clock)())?)
    }

    async fn event(&self, told: &Told) -> Result<Option<News>, NoticeError> {
        let id = told.notification.to_string();
        let stored = self.log.reader().read_stream("notification", &id, told.sequence - 1, 1).await?;
        let recorded = self.log.reader().open_events(stored).await?.into_iter().next();
        match recorded.map(|recorded| recorded.event) {
            Some(Ok(Event::Notification(event))) => Ok(News::of(event)),
            _ => Err(NoticeError::Unreadable),
        }
    }

    async fn notice(
        &self,
        news: News,
        subject: &Subject<'_>,
        life: &Notification,
        (company, author): (CompanyId, UserId),
    ) -> sqlx::Result<Notice> {
        let to_author = |text, priority| Notice {
            company,
            recipients: vec![author],
            addressed: Addressed { users: vec![author], ..Addressed::default() },
            text,
            priority,
        };
        Ok(match news {
            News::Awaits(need) | News::AwaitsNow(need) => {
                let is_due = matches!(news, News::AwaitsNow(_));
                let mut recipients = approvers(&self.pool, company, author).await?;
                if recipients.is_empty() {
                    return Ok(to_author(subject.awaits_nobody(need), Priority::High));
                }
                let text =
                    if is_due { subject.awaits_now(need) } else { subject.awaits(need, life.send_at()) };
                recipients.extend(is_due.then_some(author));
                let roles = vec![Role::Notifier];
                let addressed = Addressed { roles, company: Some(company), users: vec![] };
                Notice { company, recipients, addressed, text, priority: Priority::High }
            }
            News::Approved(by) => {
                let begins_at = match life.beginning() {
                    Beginning::At(time) => Some(time).filter(|time| *time > (self.options.clock)()),
                    Beginning::Begun | Beginning::Waits { .. } => None,
                };
                let by = name(&self.pool, by).await?;
                to_author(subject.approved(by.as_deref(), begins_at), Priority::Normal)
            }
            News::Rejected(by, reason) => {
                let by = name(&self.pool, by).await?;
                to_author(subject.rejected(by.as_deref(), reason.as_deref()), Priority::High)
            }
            News::Expired => {
                let awaited = life.approval() == Some(Approval::Awaiting);
                to_author(subject.expired(awaited), Priority::High)
            }
        })
    }
}

impl News {
    fn of(event: NotificationEvent) -> Option<Self> {
        match event {
            NotificationEvent::NotificationRequested { needs_approval, .. } => {
                needs_approval.map(Self::Awaits)
            }
            NotificationEvent::NotificationApprovalRequired { need } => Some(Self::AwaitsNow(need)),
            NotificationEvent::NotificationApproved { by } => Some(Self::Approved(by)),
            NotificationEvent::NotificationRejected { by, reason } => {
                Some(Self::Rejected(by, reason.into_clear()))
            }
            NotificationEvent::NotificationExpired => Some(Self::Expired),
            _ => None,
        }
    }

    /// That it waits is no news once it was decided, or once it waits for more people.
    fn is_news(&self, life: &Notification) -> bool {
        match self {
            Self::Awaits(need) | Self::AwaitsNow(need) => {
                life.state() == Some(NotificationState::AwaitingApproval)
                    && life.approval_need() == Some(*need)
            }
            Self::Approved(_) | Self::Rejected(..) | Self::Expired => true,
        }
    }
}

async fn next(pool: &PgPool, resting: &[Uuid]) -> sqlx::Result<Option<Told>> {
    let found: Option<(i64, Uuid, i64)> = sqlx::query_as(
        "select id, notification_id, sequence from send_notices
         where notification_id <> all($1) order by id limit 1",
    )
    .bind(resting)
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|(id, notification, sequence)| Told { id, notification: notification.into(), sequence }))
}

async fn name(pool: &PgPool, user: UserId) -> sqlx::Result<Option<String>> {
    let found: Option<Option<String>> = sqlx::query_scalar("select name from users.users where user_id = $1")
        .bind(user.uuid())
        .fetch_optional(pool)
        .await?;
    Ok(found.flatten())
}

/// The active users who may approve: the company's notifiers and the administrators, but for the author.
async fn approvers(pool: &PgPool, company: CompanyId, author: UserId) -> sqlx::Result<Vec<UserId>> {
    let people: Vec<Uuid> = sqlx::query_scalar(
        "select user_id from users.users
         where active and user_id <> $2
           and ('admin' = any(roles) or 'notifier' = any(roles) and $1 = any(companies))
         order by user_id limit $3",
    )
    .bind(company.uuid())
    .bind(author.uuid())
    .bind(RECIPIENTS_MAX as i64 - 1)
    .fetch_all(pool)
    .await?;
    Ok(people.into_iter().map(UserId::from).collect())
}
