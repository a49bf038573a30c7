//! The refusals of an inbox.

use crate::Position;

/// A refusal by the rules of inboxes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// The position is beyond the head: it cannot have been read.
    #[error("position {up_to} is past the last one, {head}")]
    PastTheHead {
        /// The requested position.
        up_to: Position,
        /// The log's head.
        head: Position,
    },
}
