//! The events of a receipt: what one recipient did with one message.

use serde::{Deserialize, Serialize};

use crate::Position;
use crate::aggregate::events;
use crate::value::{MessageId, UserId};

/// An event of one receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptEvent {
    /// It was shown to the recipient.
    MessageSeen(Receiver),
    /// The recipient read it.
    MessageRead(Receiver),
    /// The recipient marked it unread.
    MessageMarkedUnread {
        /// The message, its recipient and its author.
        #[serde(flatten)]
        receiver: Receiver,
        /// Position of the last read-all that covered it when this was decided: a later one covers it again.
        after_read_all: Option<Position>,
    },
    /// The recipient acknowledged it.
    MessageAcknowledged(Receiver),
    /// The recipient hid it.
    MessageDeleted(Receiver),
    /// The recipient restored it from the bin.
    MessageRestored(Receiver),
}

events!(ReceiptEvent {
    MessageSeen => "1", MessageRead => "1", MessageMarkedUnread => "1",
    MessageAcknowledged => "1", MessageDeleted => "1", MessageRestored => "1",
});

/// The message, its recipient and its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// The message.
    pub message: MessageId,
    /// The recipient.
    pub user: UserId,
    /// The message's author.
    pub author: UserId,
}

impl ReceiptEvent {
    /// The message, its recipient and its author.
    pub const fn receiver(&self) -> Receiver {
        match self {
            Self::MessageSeen(receiver)
            | Self::MessageRead(receiver)
            | Self::MessageMarkedUnread { receiver, .. }
            | Self::MessageAcknowledged(receiver)
            | Self::MessageDeleted(receiver)
            | Self::MessageRestored(receiver) => *receiver,
        }
    }
}
