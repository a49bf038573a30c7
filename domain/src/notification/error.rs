//! The refusals of a notification.

use chrono::{DateTime, Utc};

use super::{HOLD_SECONDS_MAX, SCHEDULE_DAYS_MAX};
use crate::company::OverLimit;

/// The two times of a notification that would expire before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it would expire.
    pub expires_at: DateTime<Utc>,
    /// When it would begin.
    pub begins_at: DateTime<Utc>,
}

/// A refusal by the rules of notifications.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// A notification is asked for once.
    #[error("the notification was requested already")]
    AlreadyRequested,
    /// It would expire before it begins.
    #[error("the notification expires at {}, before it begins at {}", .0.expires_at, .0.begins_at)]
    Expired(Times),
    /// Its time was over before it was asked to be sent again.
    #[error("the notification is past its expiry")]
    PastExpiry,
    /// There is no such notification.
    #[error("there is no such notification")]
    Unknown,
    /// What was cancelled stays cancelled.
    #[error("the notification was cancelled")]
    Cancelled,
    /// Its time to begin is past.
    #[error("the notification cannot begin in the past")]
    ScheduledInThePast,
    /// Its time to begin is too far away.
    #[error("the notification cannot begin more than {SCHEDULE_DAYS_MAX} days from now")]
    ScheduledTooFar,
    /// It would expire before the time it is moved to.
    #[error("the notification expires at {}, before that time, {}", .0.expires_at, .0.begins_at)]
    ExpiresBefore(Times),
    /// The undo window is too long.
    #[error("the notification cannot be held for more than {HOLD_SECONDS_MAX} seconds")]
    HoldTooLong,
    /// It has begun, so that its time cannot be changed.
    #[error("the notification has begun already")]
    AlreadyBegun,
    /// Its time has not come, or it is not to begin at all.
    #[error("the notification is not due")]
    NotDue,
    /// Nothing is sent before the approval, so that there is nothing to pause.
    #[error("the notification awaits its approval")]
    AwaitingApproval,
    /// It is not up for approval any more.
    #[error("the notification does not await an approval")]
    NotAwaitingApproval,
    /// Its author can neither approve nor reject it.
    #[error("another person than the author has to decide on the notification")]
    OwnApproval,
    /// The audience of that generation is not open.
    #[error("the audience of that generation is not open")]
    AudienceNotOpen,
    /// It would pass a limit of its company.
    #[error("the notification would pass the limit {}", .0.limit)]
    OverLimit(OverLimit),
    /// A retry is for more people than the company sends to without another person's approval, and the notification has none.
    #[error("{people} people are more than the {max} to whom it may be sent again without an approval")]
    RetryNeedsApproval {
        /// The people.
        people: u64,
        /// The company's limit `approval_above`.
        max: u64,
    },
    /// It is not running, or in another generation.
    #[error("the notification has nothing to complete")]
    NothingToComplete,
}
