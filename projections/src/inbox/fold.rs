//! Folds events into rows in memory. The fold is pure, so that a batch has the same result as its events one by one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::inbox::InboxEvent;
use domain::message::MessageEvent;
use domain::receipt::{ReceiptEvent, Receiver};
use domain::value::{MessageId, UserId};
use domain::{Event, Position};
use uuid::Uuid;

/// A recipient's side of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) position: Position,
    pub(crate) author: Uuid,
    pub(crate) seen_at: Option<DateTime<Utc>>,
    pub(crate) read_at: Option<DateTime<Utc>>,
    pub(crate) acknowledged_at: Option<DateTime<Utc>>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
}

/// The key of an item: user and message.
pub(super) type Key = (Uuid, Uuid);

/// An item as the table has it (none if it is new) and as it will be (none if its message was withdrawn).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) before: Option<Item>,
    pub(super) now: Option<Item>,
}

/// The counts of an inbox, or a change of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) unseen: i64,
    pub(super) unread: i64,
    pub(super) total: i64,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) message: Uuid,
    pub(super) author: Uuid,
    pub(super) body: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) priority: &'static str,
    pub(super) acknowledge: bool,
    pub(super) in_reply_to: Option<Uuid>,
    pub(super) recipients: i64,
    pub(super) position: Position,
}

/// A withdrawn message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Withdrawn {
    pub(super) at: DateTime<Utc>,
    pub(super) position: Position,
}

/// The items of one user that a read-all reads: after `from`, up to `up_to`. Spans of one user do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) user: Uuid,
    pub(super) from: Position,
    pub(super) up_to: Position,
    pub(super) at: DateTime<Utc>,
    pub(super) position: Position,
}

/// A user's last read-all, and how far any has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadAll {
    pub(super) position: Position,
    pub(super) up_to: Position,
}

/// An update for an author's live stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Logged {
    pub(super) position: Position,
    pub(super) message: Uuid,
    pub(super) user: Uuid,
    pub(super) author: Uuid,
    pub(super) kind: &'static str,
    pub(super) at: DateTime<Utc>,
}

/// An update for a recipient whose item was withdrawn. Recipients who had deleted the item get none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) user: Uuid,
    pub(super) message: Uuid,
    pub(super) position: Position,
}

/// The rows that a batch changes. Before the fold, `items` and `read_alls` hold the rows that the batch needs.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) items: HashMap<Key, Touched>,
    pub(super) read_alls: HashMap<Uuid, ReadAll>,
    pub(super) sent: Vec<Sent>,
    pub(super) withdrawn: HashMap<Uuid, Withdrawn>,
    pub(super) spans: Vec<Span>,
    pub(super) log: Vec<Logged>,
    pub(super) left: Vec<Left>,
    /// The last position at which a user's counts changed, even if they changed back later.
    pub(super) counted_at: HashMap<Uuid, Position>,
}

/// The position and the time of an event.
#[derive(Clone, Copy)]
struct When {
    position: Position,
    at: DateTime<Utc>,
}

impl Item {
    /// Its share of the inbox's counts.
    pub(super) fn counted(&self) -> Counted {
        let counts = |so: bool| i64::from(so && self.deleted_at.is_none());
        Counted {
            unseen: counts(self.seen_at.is_none()),
            unread: counts(self.read_at.is_none()),
            total: counts(true),
        }
    }

    /// Read implies seen.
    fn read(&mut self, at: DateTime<Utc>) {
        self.seen_at.get_or_insert(at);
        self.read_at.get_or_insert(at);
    }
}

impl Touched {
    /// The change of its inbox's counts.
    pub(super) fn change(&self) -> Counted {
        let counted = |item: &Option<Item>| item.as_ref().map(Item::counted).unwrap_or_default();
        let (before, now) = (counted(&self.before), counted(&self.now));
        Counted {
            unseen: now.unseen - before.unseen,
            unread: now.unread - before.unread,
            total: now.total - before.total,
        }
    }
}

impl Fold {
    pub(super) fn event(&mut self, recorded: &Recorded) {
        let when = When { position: recorded.position, at: recorded.recorded_at };
        match (&recorded.event, recorded.id()) {
            (Ok(Event::Message(event @ MessageEvent::MessageSent { .. })), Some(message)) => {
                self.message_sent(message, event, when.position);
            }
            (Ok(Event::Message(MessageEvent::MessageWithdrawn { withdrawn_at })), Some(message)) => {
                self.message_withdrawn(message, Withdrawn { at: *withdrawn_at, position: when.position });
            }
            (Ok(Event::Receipt(event)), _) => self.receipt(event, when),
            (Ok(Event::Inbox(InboxEvent::InboxRead { user, up_to })), _) => {
                self.inbox_read(*user, *up_to, when)
            }
            _ => {}
        }
    }

    fn message_sent(&mut self, message: Uuid, event: &MessageEvent, position: Position) {
        let MessageEvent::MessageSent {
            author,
            recipients,
            body,
            priority,
            acknowledge,
            in_reply_to,
            sent_at,
            ..
        } = event
        else {
            return;
        };
        let mut received = 0;
        for &user in recipients {
            received += i64::from(self.receive(user.uuid(), message, author.uuid(), position));
        }
        self.sent.push(Sent {
            message,
            author: author.uuid(),
            body: body.get().cloned().unwrap_or_default(),
            created_at: *sent_at,
            priority: priority.as_str(),
            acknowledge: *acknowledge,
            in_reply_to: in_reply_to.map(MessageId::uuid),
            recipients: received,
            position,
        });
    }

    /// A new item; false if the user was named twice.
    fn receive(&mut self, user: Uuid, message: Uuid, author: Uuid, position: Position) -> bool {
        let Entry::Vacant(entry) = self.items.entry((user, message)) else { return false };
        let item =
            Item { position, author, seen_at: None, read_at: None, acknowledged_at: None, deleted_at: None };
        entry.insert(Touched { before: None, now: Some(item) });
        self.counted_at.insert(user, position);
        true
    }

    /// Removes the message from every inbox. Items that are not in memory are removed when this is saved.
    fn message_withdrawn(&mut self, message: Uuid, withdrawn: Withdrawn) {
        for ((user, of), touched) in &mut self.items {
            if *of == message
                && let Some(item) = touched.now.take()
                && item.counted() != Counted::default()
            {
                self.counted_at.insert(*user, withdrawn.position);
                self.left.push(Left { user: *user, message, position: withdrawn.position });
            }
        }
        self.log.retain(|logged| logged.message != message);
        self.withdrawn.insert(message, withdrawn);
    }

    fn receipt(&mut self, event: &ReceiptEvent, when: When) {
        let Receiver { message, user, author } = event.receiver();
        let stays_read = self.stays_read(event);
        // A receipt changes nothing if the message was withdrawn, or if its events are parked.
        let touched = self.items.get_mut(&(user.uuid(), message.uuid()));
        let Some(item) = touched.and_then(|touched| touched.now.as_mut()) else { return };
        let before = item.clone();
        apply(item, event, stays_read, when.at);
        if before.counted() != item.counted() {
            self.counted_at.insert(user.uuid(), when.position);
        }
        if let Some(kind) = update_for_author(&before, item) {
            let (message, user, author) = (message.uuid(), user.uuid(), author.uuid());
            self.log.push(Logged { position: when.position, message, user, author, kind, at: when.at });
        }
    }

    /// Whether a read-all that the recipient did not know of covers the message that was marked unread.
    fn stays_read(&self, event: &ReceiptEvent) -> bool {
        let ReceiptEvent::MessageMarkedUnread { receiver, after_read_all } = event else { return false };
        let item = self.items.get(&(receiver.user.uuid(), receiver.message.uuid()));
        let position = item.and_then(|touched| touched.now.as_ref()).map(|item| item.position);
        match (self.read_alls.get(&receiver.user.uuid()), position) {
            (Some(read_all), Some(position)) => {
                read_all.up_to >= position && Some(read_all.position) > *after_read_all
            }
            _ => false,
        }
    }

    fn inbox_read(&mut self, user: UserId, up_to: Position, when: When) {
        let user = user.uuid();
        for ((of, message), touched) in &mut self.items {
            let Some(item) = touched.now.as_mut() else { continue };
            if *of != user || item.position > up_to || item.read_at.is_some() {
                continue;
            }
            let counts = item.counted() != Counted::default();
            item.read(when.at);
            if counts {
                self.counted_at.insert(user, when.position);
            }
            self.log.push(Logged {
                position: when.position,
                message: *message,
                user,
                author: item.author,
                kind: "read",
                at: when.at,
            });
        }
        let from =
            self.spans.iter().filter(|span| span.user == user).map(|span| span.up_to).max().unwrap_or(0);
        if up_to > from {
            self.spans.push(Span { user, from, up_to, at: when.at, position: when.position });
        }
        let furthest = self.read_alls.get(&user).map_or(up_to, |known| known.up_to.max(up_to));
        self.read_alls.insert(user, ReadAll { position: when.position, up_to: furthest });
    }
}

/// A repeated receipt changes nothing: the first time counts.
fn apply(item: &mut Item, event: &ReceiptEvent, stays_read: bool, at: DateTime<Utc>) {
    match event {
        ReceiptEvent::MessageSeen(_) => {
            item.seen_at.get_or_insert(at);
        }
        ReceiptEvent::MessageRead(_) => item.read(at),
        ReceiptEvent::MessageMarkedUnread { .. } if stays_read => {}
        ReceiptEvent::MessageMarkedUnread { .. } => item.read_at = None,
        ReceiptEvent::MessageAcknowledged(_) => {
            item.read(at);
            item.acknowledged_at.get_or_insert(at);
        }
        ReceiptEvent::MessageDeleted(_) => {
            item.deleted_at.get_or_insert(at);
        }
        ReceiptEvent::MessageRestored(_) => item.deleted_at = None,
    }
}

/// Whether the author is informed: a deletion stays private.
const fn update_for_author(before: &Item, now: &Item) -> Option<&'static str> {
    if before.acknowledged_at.is_none() && now.acknowledged_at.is_some() {
        Some("acknowledged")
    } else if before.read_at.is_none() && now.read_at.is_some() {
        Some("read")
    } else if before.read_at.is_some() && now.read_at.is_none() {
        Some("unread")
    } else if before.seen_at.is_none() && now.seen_at.is_some() {
        Some("seen")
    } else {
        None
    }
}
