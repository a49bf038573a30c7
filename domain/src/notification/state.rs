//! The states of a notification.

use crate::value::words;

words! {
    /// Where a notification stands: `AwaitingApproval → Scheduled → Resolving → Running → Completed`, and from any but the
    /// last to `Cancelled`. One that needs neither approval nor a time begins at `Resolving`. One that reaches too many people
    /// when its time has come goes back to `AwaitingApproval`. `Scheduled`, `Resolving` and
    /// `Running` are shown as `Paused` while it is paused. A retry resolves again.
    NotificationState {
        /// It begins at its time.
        Scheduled = "scheduled",
        /// Another person than its author has to approve it.
        AwaitingApproval = "awaiting_approval",
        /// Its audience is being frozen; the first are sent to meanwhile.
        Resolving = "resolving",
        /// Its audience is closed, and some have no outcome yet.
        Running = "running",
        /// Nothing is sent until it is resumed.
        Paused = "paused",
        /// Nothing more is sent: it was cancelled or rejected, or expired before it began.
        Cancelled = "cancelled",
        /// Nothing is left to be sent.
        Completed = "completed",
    }
}

words! {
    /// How the approval of a notification that needs one stands.
    ApprovalState {
        /// Nobody has decided.
        Awaiting = "awaiting",
        /// Another person than the author said yes.
        Approved = "approved",
        /// Another person than the author said no.
        Rejected = "rejected",
    }
}

impl NotificationState {
    /// Whether nothing is left to cancel.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}
