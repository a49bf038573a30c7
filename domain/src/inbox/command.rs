//! The commands of an inbox.

use crate::Position;
use crate::value::UserId;

/// A command of one user's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxCommand {
    /// Mark every message up to a position as read.
    ReadAll {
        /// Whose inbox.
        user: UserId,
        /// The last position it covers.
        up_to: Position,
        /// The log's head now: a position beyond it cannot have been read.
        head: Position,
    },
}
