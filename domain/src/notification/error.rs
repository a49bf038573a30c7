//! The refusals of a notification.

/// A refusal by the rules of notifications.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// A notification is asked for once.
    #[error("the notification was requested already")]
    AlreadyRequested,
    /// It would expire before it begins.
    #[error("the notification has expired already")]
    Expired,
    /// Its time was over before it was asked to be sent again.
    #[error("the notification is past its expiry")]
    PastExpiry,
    /// There is no such notification.
    #[error("there is no such notification")]
    Unknown,
    /// What was cancelled stays cancelled.
    #[error("the notification was cancelled")]
    Cancelled,
    /// The audience of that generation is not open.
    #[error("the audience of that generation is not open")]
    AudienceNotOpen,
    /// It is not running, or in another generation.
    #[error("the notification has nothing to complete")]
    NothingToComplete,
}
