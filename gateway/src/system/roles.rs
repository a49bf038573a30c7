//! What a process does: `serve --roles gateway,relay,projector,dispatcher`.

use std::str::FromStr;

/// One part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The front door.
    Gateway,
    /// Events to JetStream.
    Relay,
    /// Events to views.
    Projector,
    /// What leaves.
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

/// There is no such role.
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
    /// All of them.
    pub fn all() -> Self {
        Self(Role::ALL.iter().map(|(_, role)| *role).collect())
    }

    /// These.
    pub fn of(roles: &[Role]) -> Self {
        Self(roles.to_vec())
    }

    /// Whether it is in.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}
