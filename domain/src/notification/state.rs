//! The states of a notification.

use crate::value::words;

words! {
    /// Where a notification stands: `Scheduled → AwaitingApproval → Resolving → Running ⇄ Paused → Completed`, and from
    /// any but the last to `Cancelled`. A retry resolves again.
    NotificationState {
        /// It begins at a time that has not come.
        Scheduled = "scheduled",
        /// Another person has to approve it.
        AwaitingApproval = "awaiting_approval",
        /// Its audience is being frozen; the first are sent to meanwhile.
        Resolving = "resolving",
        /// Its audience is closed, and some have no outcome yet.
        Running = "running",
        /// Nothing is sent until it goes on.
        Paused = "paused",
        /// Nothing more is sent, because somebody said so.
        Cancelled = "cancelled",
        /// Nothing is left to be sent.
        Completed = "completed",
    }
}

impl NotificationState {
    /// Whether nothing is left to cancel.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// Whether outcomes can complete it.
    pub const fn is_being_sent(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}
