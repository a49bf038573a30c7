//! The receipts of a withdrawn message as of its withdrawal, by the rules of the fold. The message is in no inbox any
//! more, but a recipient who had read it has still read it. Unreadable events are skipped.

use commands::log::{FeedError, Reader, Recorded};
use domain::message::MessageEvent;
use domain::receipt::Receipt;
use domain::value::{MessageId, UserId};
use domain::{Event, Position};

use super::fold::{Fold, Item};
use crate::page::PageRequest;

/// A recipient's item, for each of a page of recipients by their ids; nobody if the message was not withdrawn.
pub(crate) async fn before_withdrawal(
    log: &Reader,
    message: MessageId,
    page: &PageRequest,
) -> Result<Vec<(UserId, Item)>, FeedError> {
    let own = log.read_stream("message", &message.to_string(), 0, i64::MAX).await?;
    let own = log.open_events(own).await?;
    let [sent, .., last] = own.as_slice() else { return Ok(Vec::new()) };
    let Ok(Event::Message(MessageEvent::MessageWithdrawn { .. })) = last.event else { return Ok(Vec::new()) };
    let recipients = recipients(sent, page);
    let between = (sent.position, last.position);
    let events = what_they_did(log, message, &recipients, between).await?;
    let mut fold = Fold::default();
    std::iter::once(sent).chain(&events).for_each(|event| fold.event(event));
    let mut item = |user: UserId| fold.items.remove(&(user.uuid(), message.uuid()))?.now;
    Ok(recipients.into_iter().filter_map(|user| Some((user, item(user)?))).collect())
}

/// The recipients of a page, and one more.
fn recipients(sent: &Recorded, page: &PageRequest) -> Vec<UserId> {
    let Ok(Event::Message(MessageEvent::MessageSent { recipients, .. })) = &sent.event else {
        return Vec::new();
    };
    let mut recipients: Vec<_> =
        recipients.iter().copied().filter(|user| user.uuid() > page.after_id()).collect();
    recipients.sort_unstable();
    recipients.dedup();
    recipients.truncate(page.rows().unsigned_abs() as usize);
    recipients
}

/// Receipts of the message, and read-alls of its recipients.
async fn what_they_did(
    log: &Reader,
    message: MessageId,
    users: &[UserId],
    between: (Position, Position),
) -> Result<Vec<Recorded>, FeedError> {
    let receipts = users.iter().map(|user| Receipt::stream(message, *user));
    let inboxes = users.iter().map(ToString::to_string);
    let ids: Vec<_> = receipts.chain(inboxes).collect();
    let stored = log.read_streams(&["receipt", "inbox"], &ids, between).await?;
    Ok(log.open_events(stored).await?)
}
