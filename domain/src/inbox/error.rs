//! Why an order to an inbox is refused.

use crate::Position;

/// A refusal by the rules of inboxes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// Nobody has read what is not yet written.
    #[error("position {up_to} is past the last one, {head}")]
    PastTheHead {
        /// What was asked.
        up_to: Position,
        /// The last position there is.
        head: Position,
    },
}
