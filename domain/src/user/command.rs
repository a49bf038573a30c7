//! The commands of a user.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::value::{CompanyId, EmailAddress, Name, PhoneNumber, Role, UserId};

/// A command of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCommand {
    /// Give a worker a login.
    Register(RegisterUser),
    /// Change the given fields; absent ones stay.
    Change(UserChange),
    /// Give a program a token that acts as this user.
    IssueToken {
        /// Names the token in the audit; the token itself never enters an event.
        token: Uuid,
    },
}

/// The fields of a new user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterUser {
    /// The user; also the key of what is personal.
    pub user: UserId,
    /// The worker's name.
    pub name: Name,
    /// The log-in address.
    pub email: EmailAddress,
    /// The worker's telephone.
    pub phone: Option<PhoneNumber>,
    /// The roles.
    pub roles: BTreeSet<Role>,
    /// The companies the worker may act for.
    pub companies: BTreeSet<CompanyId>,
}

/// The fields to change. The hash of a new password is stored by the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new e-mail address.
    pub email: Option<EmailAddress>,
    /// A new telephone, or none any more.
    pub phone: Option<Option<PhoneNumber>>,
    /// New roles.
    pub roles: Option<BTreeSet<Role>>,
    /// New companies.
    pub companies: Option<BTreeSet<CompanyId>>,
    /// Whether the user may log in.
    pub active: Option<bool>,
    /// Whether a new password was set.
    pub password: bool,
}
