//! What can be asked of notifications.

use chrono::{DateTime, Utc};
use domain::notification::{Notification, NotificationCommand, NotificationError, RequestNotification};
use domain::value::{CompanyId, NotificationId};
use serde_json::{Value, json};

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

type Outcome = Result<Done, CommandError<NotificationError>>;

/// Asks for a notification under a new id; `answer` is what a caller who asks again is to be told.
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

/// Sends nothing more of a notification; one that is over stays as it is.
///
/// # Errors
/// [`NotificationError::Unknown`] for one that was never asked for.
pub async fn cancel(log: &EventLog, notification: NotificationId, context: &CommandContext) -> Outcome {
    let command = NotificationCommand::Cancel;
    log.execute::<Notification>(&notification.to_string(), command, context, &json!({})).await
}

/// Sends a notification again to those it failed for, as a new generation; one of which nothing has failed stays as it is.
///
/// # Errors
/// [`NotificationError::Cancelled`] for one that was cancelled, [`NotificationError::PastExpiry`] for one whose time is
/// over.
pub async fn retry(
    log: &EventLog,
    notification: NotificationId,
    at: DateTime<Utc>,
    context: &CommandContext,
) -> Outcome {
    let command = NotificationCommand::Retry { at };
    log.execute::<Notification>(&notification.to_string(), command, context, &json!({})).await
}

/// The company whose clients a notification tells, straight from the log; none if it was never asked for.
///
/// # Errors
/// When the log cannot be read.
pub async fn company(
    log: &EventLog,
    notification: NotificationId,
) -> Result<Option<CompanyId>, CommandError<NotificationError>> {
    Ok(log.reader().load::<Notification>(&notification.to_string()).await?.state.company())
}
