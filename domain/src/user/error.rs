//! The refusals of a user.

/// A refusal by the rules of users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// A user is registered once.
    #[error("the user was registered already")]
    AlreadyRegistered,
    /// There is no such user.
    #[error("there is no such user")]
    Unknown,
    /// A user needs at least one role.
    #[error("a user needs at least one role")]
    NoRole,
    /// A disabled user cannot act, and neither can its tokens.
    #[error("the user is disabled")]
    Disabled,
}
