//! The commands of a receipt.

use crate::Position;
use crate::value::{MessageId, UserId};

/// A command of one recipient about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptCommand {
    /// The message, as far as the rules need it.
    pub received: Received,
    /// The action.
    pub action: ReceiptAction,
}

/// The recipient's side of a message, and the last read-all that covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message.
    pub message: MessageId,
    /// The recipient.
    pub user: UserId,
    /// The message's author, so that the author's page can be updated.
    pub author: UserId,
    /// Position of the recipient's last read-all, if it covers this message.
    pub read_all: Option<Position>,
}

/// What a recipient can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptAction {
    /// It was shown.
    MarkSeen,
    /// It was read; implies seen.
    MarkRead,
    /// Back to unread; it stays seen.
    MarkUnread,
    /// «Enterado»; implies read.
    Acknowledge,
    /// Hide it for this recipient.
    Delete,
    /// Show it again.
    Restore,
}
