//! The events of a user.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aggregate::events;
use crate::personal::{Personal, hide_in_debug};
use crate::value::{CompanyId, Role};

/// An event of one user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum UserEvent {
    /// A worker was given a login.
    UserRegistered {
        /// The personal data, under the user's key.
        profile: Personal<UserProfile>,
        /// The roles.
        roles: BTreeSet<Role>,
        /// The companies the worker may act for.
        companies: BTreeSet<CompanyId>,
    },
    /// The name, the e-mail address or the telephone changed.
    UserProfileChanged {
        /// The personal data, under the user's key.
        profile: Personal<UserProfile>,
    },
    /// Roles or companies changed.
    UserAccessChanged {
        /// The roles.
        roles: BTreeSet<Role>,
        /// The companies the worker may act for.
        companies: BTreeSet<CompanyId>,
    },
    /// A new password was set; its hash is not in the event.
    UserPasswordChanged,
    /// The worker may no longer log in.
    UserDisabled,
    /// The worker may log in again.
    UserEnabled,
    /// A program was given a token that acts as this user.
    UserTokenIssued {
        /// The token's id.
        token: Uuid,
    },
}

events!(UserEvent {
    UserRegistered => "1", UserProfileChanged => "1", UserAccessChanged => "1", UserPasswordChanged => "1",
    UserDisabled => "1", UserEnabled => "1", UserTokenIssued => "1",
});

/// The personal data of a user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    /// The worker's name.
    pub name: String,
    /// The log-in address.
    pub email: String,
    /// The worker's telephone in E.164, which a test of a text message goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

hide_in_debug!(UserProfile);
