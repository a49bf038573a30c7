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

/// Sends nothing more of a notification, unless its last generation is the one that is known to have finished.
///
/// # Errors
/// [`NotificationError::Unknown`] for one that was never asked for.
pub async fn cancel(
    log: &EventLog,
    notification: NotificationId,
    finished: Option<u32>,
    context: &CommandContext,
) -> Outcome {
    let command = NotificationCommand::Cancel { finished };
    log.execute::<Notification>(&notification.to_string(), command, context, &json!({})).await
}

/// Sends a notification again to those it failed for, as a new generation, unless its last generation is the one of which
/// it is known that nothing has failed.
///
/// # Errors
/// [`NotificationError::Cancelled`] for one that was cancelled, [`NotificationError::PastExpiry`] for one whose time is
/// over.
pub async fn retry(
    log: &EventLog,
    notification: NotificationId,
    flawless: Option<u32>,
    at: DateTime<Utc>,
    context: &CommandContext,
) -> Outcome {
    let command = NotificationCommand::Retry { flawless, at };
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
