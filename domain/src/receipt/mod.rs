//! A receipt: what one recipient did with one message; a small stream `receipt/<message>:<user>`.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::{ReceiptAction, ReceiptCommand, Received};
pub use self::error::ReceiptError;
pub use self::event::{ReceiptEvent, Receiver};
use crate::Position;
use crate::aggregate::aggregate;
use crate::value::{MessageId, UserId};

/// The state of a receipt that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    seen: bool,
    mark: Mark,
    acknowledged: bool,
    deleted: bool,
}

/// The recipient's last explicit choice of read or unread. A read-all counts only if there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Mark {
    #[default]
    None,
    Read,
    Unread {
        after_read_all: Option<Position>,
    },
}

aggregate!(Receipt, "receipt", ReceiptCommand, ReceiptEvent, ReceiptError);

impl Receipt {
    /// The stream of one recipient's receipt for one message.
    pub fn stream(message: MessageId, user: UserId) -> String {
        format!("{message}:{user}")
    }

    /// Decides a command: its events; none if nothing changes.
    pub fn decide(&self, command: ReceiptCommand) -> Result<Vec<ReceiptEvent>, ReceiptError> {
        let Received { message, user, author, read_all } = command.received;
        let receiver = Receiver { message, user, author };
        Ok(match command.action {
            ReceiptAction::MarkSeen if !self.seen && !self.is_read(read_all) => {
                vec![ReceiptEvent::MessageSeen(receiver)]
            }
            ReceiptAction::MarkRead => self.read(receiver),
            ReceiptAction::MarkUnread if self.is_read(read_all) => {
                vec![ReceiptEvent::MessageMarkedUnread { receiver, after_read_all: read_all }]
            }
            ReceiptAction::Acknowledge if !self.acknowledged => {
                let mut events = self.read(receiver);
                events.push(ReceiptEvent::MessageAcknowledged(receiver));
                events
            }
            ReceiptAction::Delete if !self.deleted => vec![ReceiptEvent::MessageDeleted(receiver)],
            ReceiptAction::Restore if self.deleted => vec![ReceiptEvent::MessageRestored(receiver)],
            _ => vec![],
        })
    }

    /// Reads the message; no event if it was read explicitly before. A read-all does not count here: a redundant event
    /// is harmless, but a message that stays unread is not.
    fn read(&self, receiver: Receiver) -> Vec<ReceiptEvent> {
        if self.mark == Mark::Read { vec![] } else { vec![ReceiptEvent::MessageRead(receiver)] }
    }

    fn is_read(&self, read_all: Option<Position>) -> bool {
        match self.mark {
            Mark::None => read_all.is_some(),
            Mark::Read => true,
            Mark::Unread { after_read_all } => read_all > after_read_all,
        }
    }

    fn fold(&mut self, event: ReceiptEvent) {
        match event {
            ReceiptEvent::MessageSeen(_) => self.seen = true,
            ReceiptEvent::MessageRead(_) => {
                self.seen = true;
                self.mark = Mark::Read;
            }
            ReceiptEvent::MessageMarkedUnread { after_read_all, .. } => {
                self.mark = Mark::Unread { after_read_all }
            }
            ReceiptEvent::MessageAcknowledged(_) => self.acknowledged = true,
            ReceiptEvent::MessageDeleted(_) => self.deleted = true,
            ReceiptEvent::MessageRestored(_) => self.deleted = false,
        }
    }
}
