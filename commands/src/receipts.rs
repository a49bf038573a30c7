//! The use cases of receipts: what a recipient can do with a message.

use cqrs_es::Aggregate;
use domain::inbox::Inbox;
use domain::message::Message;
use domain::receipt::{Receipt, ReceiptAction, ReceiptCommand, ReceiptError, Received};
use domain::value::{MessageId, UserId};
use domain::{Event, Position};
use serde_json::json;

use crate::context::CommandContext;
use crate::log::{EventLog, LoadError};
use crate::outcome::{CommandError, Done};

/// How many read-alls are read at once: nearly always the last one is enough.
const READ_ALLS: i64 = 8;

/// Applies `action` to `user`'s copy of a message; `None` if the user has none.
///
/// # Errors
/// When the log is not available.
pub async fn act(
    log: &EventLog,
    message: MessageId,
    user: UserId,
    action: ReceiptAction,
    context: &CommandContext,
) -> Result<Option<Done>, CommandError<ReceiptError>> {
    let sent = log.reader().load::<Message>(&message.to_string()).await?;
    let Some(author) = sent.state.author().filter(|_| sent.state.is_received_by(user)) else {
        return Ok(None);
    };
    let context = context.about_any(sent.state.company());
    let read_all = last_read_all(log, user, sent.first_position).await?;
    let command = ReceiptCommand { received: Received { message, user, author, read_all }, action };
    log.execute::<Receipt>(&Receipt::stream(message, user), command, &context, &json!({})).await.map(Some)
}

/// The position of the last read-all of `user` that covers a message, if any. The stream grows for ever, so it is read
/// from its end and no further back than the message.
async fn last_read_all(
    log: &EventLog,
    user: UserId,
    message: Position,
) -> Result<Option<Position>, LoadError> {
    let (mut last, mut before) = (None, i64::MAX);
    loop {
        let page = log.reader().read_stream_back(Inbox::TYPE, &user.to_string(), before, READ_ALLS).await?;
        let Some(earliest) = page.last() else { return Ok(None) };
        before = earliest.sequence;
        for recorded in log.reader().open_events(page).await? {
            if recorded.position < message {
                return Ok(None);
            }
            last = last.or(Some(recorded.position));
            if matches!(recorded.event?, Event::Inbox(event) if event.covers(message)) {
                return Ok(last);
            }
        }
    }
}
