//! Events into rows, in memory: pure, so that what a batch does is what its events do one by one.

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

/// Whose item it is: user and message.
pub(super) type Key = (Uuid, Uuid);

/// An item as the table has it, none if it is new, and as it is to be, none if its message was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) before: Option<Item>,
    pub(super) now: Option<Item>,
}

/// What an inbox counts, or a change of it.
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

/// A message that was taken back.
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

/// What an author is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Logged {
    pub(super) position: Position,
    pub(super) message: Uuid,
    pub(super) user: Uuid,
    pub(super) author: Uuid,
    pub(super) kind: &'static str,
    pub(super) at: DateTime<Utc>,
}

/// What a recipient is told whose item left with its message. Who had hidden it is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) user: Uuid,
    pub(super) message: Uuid,
    pub(super) position: Position,
}

/// What a batch changes. `items` and `read_alls` hold, before it begins, the rows it will need.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) items: HashMap<Key, Touched>,
    pub(super) read_alls: HashMap<Uuid, ReadAll>,
    pub(super) sent: Vec<Sent>,
    pub(super) withdrawn: HashMap<Uuid, Withdrawn>,
    pub(super) spans: Vec<Span>,
    pub(super) log: Vec<Logged>,
    pub(super) left: Vec<Left>,
    /// The last position at which a user's counts changed, even if they changed back since.
    pub(super) counted_at: HashMap<Uuid, Position>,
}

/// When something happened, in both orders.
#[derive(Clone, Copy)]
struct When {
    position: Position,
    at: DateTime<Utc>,
}

impl Item {
    /// What it adds to its inbox's counts.
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
    /// By how much the counts of its inbox change.
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

    /// It leaves every inbox; items that are not in memory leave when this is saved.
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
        // A receipt for a message that was withdrawn meanwhile, or whose events are parked, has nothing to change.
        let touched = self.items.get_mut(&(user.uuid(), message.uuid()));
        let Some(item) = touched.and_then(|touched| touched.now.as_mut()) else { return };
        let before = item.clone();
        apply(item, event, stays_read, when.at);
        if before.counted() != item.counted() {
            self.counted_at.insert(user.uuid(), when.position);
        }
        if let Some(kind) = news(&before, item) {
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

/// Asking twice changes nothing: the first time stands.
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

/// What the author may know: that somebody hid a message is not among it.
const fn news(before: &Item, now: &Item) -> Option<&'static str> {
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
