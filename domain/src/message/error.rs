//! The refusals of a message.

/// A refusal by the rules of messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It has no recipients.
    #[error("the message has no recipient")]
    NoRecipients,
    /// It has more recipients than a message may have.
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
    /// Only its author may withdraw a message.
    #[error("only the author may withdraw a message")]
    NotTheAuthor,
    /// The time to undo is over.
    #[error("a message can be withdrawn within {} s of being sent", super::UNDO_WINDOW_S)]
    TooLateToWithdraw,
}
