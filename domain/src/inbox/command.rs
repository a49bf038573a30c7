//! Orders to an inbox.

use crate::Position;
use crate::value::UserId;

/// An order to one user's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxCommand {
    /// Mark every message up to a position as read.
    ReadAll {
        /// Whose inbox.
        user: UserId,
        /// The last position it covers.
        up_to: Position,
        /// The log's head now: nobody has read what is not yet written.
        head: Position,
    },
}
