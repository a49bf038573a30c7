//! The use cases of notifications.

use chrono::{DateTime, Utc};
use domain::notification::{Notification, NotificationCommand, NotificationError, RequestNotification};
use domain::value::{CompanyId, NotificationId};
use serde_json::{Value, json};

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

type Outcome = Result<Done, CommandError<NotificationError>>;

/// Requests a notification under a new id. `answer` is stored as the first answer for its idempotency key.
///
/// # Errors
/// [`NotificationError::Expired`] for one that would expire before it begins.
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

/// Cancels what is left of a notification. A notification that is over stays as it is.
///
/// # Errors
/// [`NotificationError::Unknown`] for a notification that was never requested.
pub async fn cancel(log: &EventLog, notification: NotificationId, context: &CommandContext) -> Outcome {
    let command = NotificationCommand::Cancel;
    log.execute::<Notification>(&notification.to_string(), command, context, &json!({})).await
}

/// Retries the failed deliveries of a notification in a new generation. A notification that was completed without failures
/// and doubts stays as it is.
///
/// # Errors
/// [`NotificationError::Cancelled`] for a cancelled one, [`NotificationError::PastExpiry`] for an expired one.
pub async fn retry(
    log: &EventLog,
    notification: NotificationId,
    at: DateTime<Utc>,
    context: &CommandContext,
) -> Outcome {
    let command = NotificationCommand::Retry { at };
    log.execute::<Notification>(&notification.to_string(), command, context, &json!({})).await
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
