//! A user: a worker with a login, who has roles, and companies to act for.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::command::{RegisterUser, UserChange, UserCommand};
pub use self::error::UserError;
pub use self::event::{UserEvent, UserProfile};
use crate::aggregate::aggregate;
use crate::personal::Personal;
use crate::value::{CompanyId, PhoneNumber, Role};

/// The state of a user that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    profile: Option<Personal<UserProfile>>,
    roles: BTreeSet<Role>,
    companies: BTreeSet<CompanyId>,
    active: bool,
}

aggregate!(User, "user", UserCommand, UserEvent, UserError);

impl User {
    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, UserError> {
        match (&self.profile, command) {
            (None, UserCommand::Register(order)) => register(order),
            (Some(_), UserCommand::Register(_)) => Err(UserError::AlreadyRegistered),
            (None, _) => Err(UserError::Unknown),
            (Some(profile), UserCommand::Change(change)) => self.change(profile, change),
            (Some(_), UserCommand::IssueToken { .. }) if !self.active => Err(UserError::Disabled),
            (Some(_), UserCommand::IssueToken { token }) => Ok(vec![UserEvent::UserTokenIssued { token }]),
        }
    }

    fn change(
        &self,
        profile: &Personal<UserProfile>,
        change: UserChange,
    ) -> Result<Vec<UserEvent>, UserError> {
        let mut events = Vec::new();
        events.extend(changed_profile(profile, &change));
        let roles = change.roles.unwrap_or_else(|| self.roles.clone());
        let companies = change.companies.unwrap_or_else(|| self.companies.clone());
        if roles.is_empty() {
            return Err(UserError::NoRole);
        }
        if roles != self.roles || companies != self.companies {
            events.push(UserEvent::UserAccessChanged { roles, companies });
        }
        if change.password {
            events.push(UserEvent::UserPasswordChanged);
        }
        match change.active {
            Some(true) if !self.active => events.push(UserEvent::UserEnabled),
            Some(false) if self.active => events.push(UserEvent::UserDisabled),
            _ => {}
        }
        Ok(events)
    }

    fn fold(&mut self, event: UserEvent) {
        match event {
            UserEvent::UserRegistered { profile, roles, companies } => {
                *self = Self { profile: Some(profile), roles, companies, active: true };
            }
            UserEvent::UserProfileChanged { profile } => self.profile = Some(profile),
            UserEvent::UserAccessChanged { roles, companies } => {
                self.roles = roles;
                self.companies = companies;
            }
            UserEvent::UserDisabled => self.active = false,
            UserEvent::UserEnabled => self.active = true,
            UserEvent::UserPasswordChanged | UserEvent::UserTokenIssued { .. } => {}
        }
    }
}

fn register(order: RegisterUser) -> Result<Vec<UserEvent>, UserError> {
    if order.roles.is_empty() {
        return Err(UserError::NoRole);
    }
    let profile = UserProfile {
        name: order.name.into_string(),
        email: order.email.to_string(),
        phone: order.phone.map(PhoneNumber::into_string),
    };
    Ok(vec![UserEvent::UserRegistered {
        profile: Personal::new(order.user.into(), profile),
        roles: order.roles,
        companies: order.companies,
    }])
}

/// A partial change does not bring an erased profile back.
fn changed_profile(now: &Personal<UserProfile>, change: &UserChange) -> Option<UserEvent> {
    let old = now.get()?;
    let mut new = old.clone();
    if let Some(name) = &change.name {
        new.name = name.to_string();
    }
    if let Some(email) = &change.email {
        new.email = email.to_string();
    }
    if let Some(phone) = &change.phone {
        new.phone = phone.as_ref().map(ToString::to_string);
    }
    (new != *old).then(|| UserEvent::UserProfileChanged { profile: Personal::new(now.key, new) })
}
