//! Orders to a user.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::value::{CompanyId, EmailAddress, Name, Role, UserId};

/// An order to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCommand {
    /// Give a worker a login.
    Register(RegisterUser),
    /// Change some of what is known; absent parts stay.
    Change(UserChange),
    /// Give a program a token that acts as this user.
    IssueToken {
        /// Names the token in the audit; the token itself never enters an event.
        token: Uuid,
    },
}

/// What a user is given a login with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterUser {
    /// The user; also the key of what is personal.
    pub user: UserId,
    /// The worker's name.
    pub name: Name,
    /// What the worker logs in with.
    pub email: EmailAddress,
    /// What the worker may do.
    pub roles: BTreeSet<Role>,
    /// The companies the worker may act for.
    pub companies: BTreeSet<CompanyId>,
}

/// What is to change; the hash of a new password is the gateway's to keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new e-mail address.
    pub email: Option<EmailAddress>,
    /// New roles.
    pub roles: Option<BTreeSet<Role>>,
    /// New companies.
    pub companies: Option<BTreeSet<CompanyId>>,
    /// Whether the user may log in.
    pub active: Option<bool>,
    /// Whether a new password was set.
    pub password: bool,
}
