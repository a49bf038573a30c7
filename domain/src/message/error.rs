//! Why an order to a message is refused.

/// A refusal by the rules of messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Nobody would get it.
    #[error("the message has no recipient")]
    NoRecipients,
    /// More people than one message may go to.
    #[error("the message has {found} recipients, more than {}", super::RECIPIENTS_MAX)]
    TooManyRecipients {
        /// How many there are.
        found: usize,
    },
    /// A message is sent once.
    #[error("the message was sent already")]
    AlreadySent,
    /// There is no such message.
    #[error("there is no such message")]
    Unknown,
    /// Only its author may take a message back.
    #[error("only the author may withdraw a message")]
    NotTheAuthor,
    /// The time to undo is over.
    #[error("a message can be withdrawn within {} s of being sent", super::UNDO_WINDOW_S)]
    TooLateToWithdraw,
}
