//! The roles of a process: `serve --roles gateway,relay,projector,dispatcher`.

use std::str::FromStr;

/// One role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The API and the web app.
    Gateway,
    /// The relay: events to JetStream.
    Relay,
    /// The projector: events to views.
    Projector,
    /// The dispatcher: sends.
    Dispatcher,
}

impl Role {
    const ALL: [(&'static str, Self); 4] = [
        ("gateway", Self::Gateway),
        ("relay", Self::Relay),
        ("projector", Self::Projector),
        ("dispatcher", Self::Dispatcher),
    ];
}

/// An unknown role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of gateway, relay, projector, dispatcher")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, role)| *role).ok_or(UnknownRole)
    }
}

/// A set of roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// All roles.
    pub fn all() -> Self {
        Self(Role::ALL.iter().map(|(_, role)| *role).collect())
    }

    /// A set of these roles.
    pub fn of(roles: &[Role]) -> Self {
        Self(roles.to_vec())
    }

    /// Whether the set has the role.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}
