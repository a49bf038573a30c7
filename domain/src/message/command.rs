//! The commands of a message.

use chrono::{DateTime, Utc};

use super::event::Addressed;
use crate::value::{MessageBody, MessageId, Priority, UserId};

/// A command of one message.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageCommand {
    /// Send it to its recipients.
    Send(SendMessage),
    /// Withdraw it: its author's undo.
    Withdraw {
        /// The user who asks.
        by: UserId,
        /// When.
        at: DateTime<Utc>,
    },
}

/// The fields of a new message.
#[derive(Debug, Clone, PartialEq)]
pub struct SendMessage {
    /// The message; also the key of its body.
    pub message: MessageId,
    /// The author.
    pub author: UserId,
    /// The recipients, as resolved by the gateway: active users, each once.
    pub recipients: Vec<UserId>,
    /// The recipients as the author named them.
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
