//! Orders to a message.

use chrono::{DateTime, Utc};

use super::event::Addressed;
use crate::value::{MessageBody, MessageId, Priority, UserId};

/// An order to one message.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageCommand {
    /// Send it to its recipients.
    Send(SendMessage),
    /// Take it back: its author's undo.
    Withdraw {
        /// Who asks.
        by: UserId,
        /// When.
        at: DateTime<Utc>,
    },
}

/// What a message is sent with.
#[derive(Debug, Clone, PartialEq)]
pub struct SendMessage {
    /// The message; also the key of its body.
    pub message: MessageId,
    /// Who writes.
    pub author: UserId,
    /// The people it goes to, as resolved at the door: each once, active ones.
    pub recipients: Vec<UserId>,
    /// Whom the author named.
    pub addressed: Addressed,
    /// What it says.
    pub body: MessageBody,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether the author asks for an acknowledgement.
    pub acknowledge: bool,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// When it is sent.
    pub at: DateTime<Utc>,
}
