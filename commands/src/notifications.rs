//! The use cases of notifications.

use chrono::{DateTime, Utc};
use domain::Event;
use domain::company::{Amount, CompanyLimits, Purse};
use domain::deliveries::Totals;
use domain::notification::{
    Asks, Notification, NotificationCommand, NotificationError, NotificationEvent, RequestNotification,
};
use domain::value::{CompanyId, NotificationId, StatedReason, TimeZone, UserId};
use serde_json::{Value, json};

use crate::context::CommandContext;
use crate::database::begin;
use crate::execute::decide_on;
use crate::log::{EventLog, LoadError};
use crate::outcome::{CommandError, Done};
use crate::purse::{self, Moment, Without};

type Outcome = Result<Done, CommandError<NotificationError>>;

/// Requests a notification under a new id. `answer` is stored as the first answer for its idempotency key.
///
/// # Errors
/// [`NotificationError::Expired`] for one that would expire before it begins, or what is wrong with its schedule.
pub async fn request(
    log: &EventLog,
    request: RequestNotification,
    context: &CommandContext,
    answer: &Value,
) -> Outcome {
    let id = request.notification.to_string();
    let context = context.clone().about(request.company);
    log.execute_new::<Notification>(&id, NotificationCommand::Request(request), &context, answer).await
}

/// What a notification would take of a company with limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The company's limits.
    pub limits: CompanyLimits,
    /// The company's time zone.
    pub zone: TimeZone,
    /// What the notification would take.
    pub amount: Amount,
}

/// Requests a notification of a company with limits. What it will take is promised to it in the transaction of its first
/// event, one notification of a company after the other, so that two of them never share what is left.
///
/// # Errors
/// [`NotificationError::OverLimit`], and those of [`request`].
pub async fn request_within(
    log: &EventLog,
    request: RequestNotification,
    demand: &Demand,
    context: &CommandContext,
    answer: &Value,
) -> Outcome {
    let context = &context.clone().about(request.company);
    let (id, channel) = (request.notification.to_string(), request.content.channel());
    let of = &Moment {
        company: request.company,
        zone: demand.zone,
        channel,
        begins_at: request.begins_at(),
        now: request.at,
    };
    log.once(context, || async {
        // Events are sealed before the transaction begins, so that it never waits for a second connection.
        let taken = purse::taken(&mut *log.pool().acquire().await?, of, Without::Nobody).await?;
        let purse = Purse { limits: demand.limits.clone(), taken };
        let asks = Some(Asks { amount: demand.amount, purse });
        let command = NotificationCommand::Request(RequestNotification { asks, ..request.clone() });
        let drafts = decide_on(Notification::default(), 0, &id, command, context).await?;
        let ready = log.ready(drafts, context, answer).await?;
        let mut tx = begin(log.pool()).await?;
        purse::lock(&mut tx, request.company).await?;
        let taken = purse::taken(&mut tx, of, Without::Nobody).await?;
        let purse = Purse { limits: demand.limits.clone(), taken };
        if purse.passed_by(channel, demand.amount).is_some() {
            // Another notification has taken what was left: this one is decided again.
            return Err(CommandError::Conflict);
        }
        purse::promise(&mut tx, request.notification, of, demand.amount).await?;
        log.commit(tx, &ready, context).await
    })
    .await
}

/// Cancels what is left of a notification. A notification that is over stays as it is.
///
/// # Errors
/// [`NotificationError::Unknown`] for a notification that was never requested.
pub async fn cancel(log: &EventLog, notification: NotificationId, context: &CommandContext) -> Outcome {
    execute(log, notification, NotificationCommand::Cancel, context).await
}

/// Stops the sending of a notification until it is resumed. One that is paused or over stays as it is.
///
/// # Errors
/// [`NotificationError::AwaitingApproval`] for one of which nothing would be sent.
pub async fn pause(log: &EventLog, notification: NotificationId, context: &CommandContext) -> Outcome {
    execute(log, notification, NotificationCommand::Pause, context).await
}

/// Goes on with a notification that is paused. One that is not stays as it is.
///
/// # Errors
/// [`NotificationError::Cancelled`] for a cancelled one.
pub async fn resume(log: &EventLog, notification: NotificationId, context: &CommandContext) -> Outcome {
    execute(log, notification, NotificationCommand::Resume, context).await
}

/// Gives a notification that has not begun another time.
///
/// # Errors
/// [`NotificationError::AlreadyBegun`], [`NotificationError::Cancelled`], or what is wrong with the time.
pub async fn reschedule(
    log: &EventLog,
    notification: NotificationId,
    schedule_at: DateTime<Utc>,
    at: DateTime<Utc>,
    context: &CommandContext,
) -> Outcome {
    execute(log, notification, NotificationCommand::Reschedule { schedule_at, at }, context).await
}

/// Approves a notification. One that does not await an approval stays as it is.
///
/// # Errors
/// [`NotificationError::OwnApproval`] to its author, [`NotificationError::PastExpiry`], [`NotificationError::Cancelled`].
pub async fn approve(
    log: &EventLog,
    notification: NotificationId,
    by: UserId,
    at: DateTime<Utc>,
    context: &CommandContext,
) -> Outcome {
    execute(log, notification, NotificationCommand::Approve { by, at }, context).await
}

/// Refuses a notification that awaits its approval, for a reason: nothing of it is sent.
///
/// # Errors
/// [`NotificationError::OwnApproval`] to its author, [`NotificationError::NotAwaitingApproval`].
pub async fn reject(
    log: &EventLog,
    notification: NotificationId,
    by: UserId,
    reason: StatedReason,
    context: &CommandContext,
) -> Outcome {
    execute(log, notification, NotificationCommand::Reject { notification, by, reason }, context).await
}

async fn execute(
    log: &EventLog,
    notification: NotificationId,
    command: NotificationCommand,
    context: &CommandContext,
) -> Outcome {
    log.execute::<Notification>(&notification.to_string(), command, context, &json!({})).await
}

/// What has changed in the totals since the last completion.
pub(crate) async fn changed_since_completion(
    log: &EventLog,
    notification: NotificationId,
) -> sqlx::Result<Totals> {
    let [accepted, delivered, failed, suppressed, in_doubt, cancelled] = sqlx::query_scalar::<_, Vec<i64>>(
        "select array[coalesce(sum(accepted), 0), coalesce(sum(delivered), 0), coalesce(sum(failed), 0),
                      coalesce(sum(suppressed), 0), coalesce(sum(in_doubt), 0), coalesce(sum(cancelled), 0)]::bigint[]
         from send_totals where notification_id = $1",
    )
    .bind(notification.uuid())
    .fetch_one(log.pool())
    .await?
    .try_into()
    .unwrap_or_default();
    Ok(Totals { accepted, delivered, failed, suppressed, in_doubt, cancelled })
}

/// The company whose clients a notification goes to, by the log; none if it was never requested.
///
/// # Errors
/// When the log cannot be read.
pub async fn company(
    log: &EventLog,
    notification: NotificationId,
) -> Result<Option<CompanyId>, CommandError<NotificationError>> {
    Ok(log.reader().load::<Notification>(&notification.to_string()).await?.state.company())
}

/// The request of a notification, by the log, without what its key no longer opens; none if it was never requested.
///
/// # Errors
/// When the log cannot be read.
pub async fn requested(
    log: &EventLog,
    notification: NotificationId,
) -> Result<Option<NotificationEvent>, CommandError<NotificationError>> {
    let stored = log.reader().read_stream("notification", &notification.to_string(), 0, 1).await?;
    let recorded = log.reader().open_events(stored).await.map_err(LoadError::from)?;
    Ok(recorded.into_iter().next().and_then(|recorded| match recorded.event {
        Ok(Event::Notification(event)) => Some(event),
        _ => None,
    }))
}
