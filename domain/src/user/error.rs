//! Why an order to a user is refused.

/// A refusal by the rules of users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// A user is registered once.
    #[error("the user was registered already")]
    AlreadyRegistered,
    /// There is no such user.
    #[error("there is no such user")]
    Unknown,
    /// A user who may do nothing could not even read the inbox's company.
    #[error("a user needs at least one role")]
    NoRole,
    /// A disabled user acts no more, nor by a program.
    #[error("the user is disabled")]
    Disabled,
}
