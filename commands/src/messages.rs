//! The use cases of messages.

use chrono::{DateTime, Utc};
use domain::message::{Message, MessageCommand, MessageError, SendMessage};
use domain::value::{MessageId, UserId};
use serde_json::{Value, json};

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

/// Sends a message under a new id. `answer` is stored as the first answer for its idempotency key.
///
/// # Errors
/// [`MessageError`] for no or too many recipients.
pub async fn send(
    log: &EventLog,
    message: SendMessage,
    context: &CommandContext,
    answer: &Value,
) -> Result<Done, CommandError<MessageError>> {
    let (id, context) = (message.message.to_string(), context.about_any(message.addressed.company));
    log.execute_new::<Message>(&id, MessageCommand::Send(message), &context, answer).await
}

/// Withdraws a message: its author's undo.
///
/// # Errors
/// [`MessageError`] for a message of another author, or one sent too long ago.
pub async fn withdraw(
    log: &EventLog,
    message: MessageId,
    by: UserId,
    at: DateTime<Utc>,
    context: &CommandContext,
) -> Result<Done, CommandError<MessageError>> {
    let id = message.to_string();
    let context = context.about_any(log.reader().load::<Message>(&id).await?.state.company());
    log.execute::<Message>(&id, MessageCommand::Withdraw { by, at }, &context, &json!({})).await
}

/// Whether `user` may read and answer a message, by the log, so that it holds from the moment of sending.
///
/// # Errors
/// When the log cannot be read.
pub async fn is_visible_to(
    log: &EventLog,
    message: MessageId,
    user: UserId,
) -> Result<bool, CommandError<MessageError>> {
    Ok(log.reader().load::<Message>(&message.to_string()).await?.state.is_visible_to(user))
}
