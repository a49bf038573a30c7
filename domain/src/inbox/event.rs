//! The events of an inbox as a whole.

use serde::{Deserialize, Serialize};

use crate::Position;
use crate::aggregate::events;
use crate::value::UserId;

/// An event of one inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum InboxEvent {
    /// Every message up to a position was marked as read.
    InboxRead {
        /// Whose inbox.
        user: UserId,
        /// The last position it covers.
        up_to: Position,
    },
}

impl InboxEvent {
    /// Whether it marks the message at a position as read.
    pub const fn covers(&self, position: Position) -> bool {
        let Self::InboxRead { up_to, .. } = self;
        *up_to >= position
    }
}

events!(InboxEvent { InboxRead => "1" });
