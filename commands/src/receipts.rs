//! What a recipient can do with a message.

use domain::inbox::Inbox;
use domain::message::Message;
use domain::receipt::{Receipt, ReceiptAction, ReceiptCommand, ReceiptError, Received};
use domain::value::{MessageId, UserId};
use serde_json::json;

use crate::context::CommandContext;
use crate::execute::{CommandError, Done};
use crate::log::EventLog;

/// Does `action` with `user`'s copy of a message; `None` if the user has none.
///
/// # Errors
/// When the log is away.
pub async fn act(
    log: &EventLog,
    message: MessageId,
    user: UserId,
    action: ReceiptAction,
    context: &CommandContext,
) -> Result<Option<Done>, CommandError<ReceiptError>> {
    let sent = log.load::<Message>(&message.to_string()).await?;
    let Some(author) = sent.state.author().filter(|_| sent.state.is_received_by(user)) else {
        return Ok(None);
    };
    let inbox = log.load::<Inbox>(&user.to_string()).await?;
    let covered = inbox.state.read_up_to() >= Some(sent.first_position);
    let read_all = covered.then_some(inbox.last_position);
    let command = ReceiptCommand { received: Received { message, user, author, read_all }, action };
    log.execute::<Receipt>(&Receipt::stream(message, user), command, context, &json!({})).await.map(Some)
}
