//! The projections, by name.

use std::fmt;
use std::str::FromStr;

/// A projection: tables that fold the log, in a schema of their own with the projection's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    /// Workers.
    Users,
    /// Companies, clients, contacts.
    Clients,
    /// Templates of notifications.
    Templates,
    /// Inboxes, sent messages, receipts.
    Inbox,
    /// Notifications, deliveries, attempts.
    Notifications,
    /// The audit.
    Audit,
}

/// There is no projection of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no projection has that name")]
pub struct UnknownProjection;

impl Projection {
    /// Every projection; in this order they are listed and rebuilt.
    pub const ALL: [Self; 6] =
        [Self::Users, Self::Clients, Self::Templates, Self::Inbox, Self::Notifications, Self::Audit];

    /// The name; also the schema's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Clients => "clients",
            Self::Templates => "templates",
            Self::Inbox => "inbox",
            Self::Notifications => "notifications",
            Self::Audit => "audit",
        }
    }

    /// Its index in [`Projection::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Projection {
    type Err = UnknownProjection;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|projection| projection.name() == name).ok_or(UnknownProjection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_is_found_by_its_name_and_place() {
        for (index, projection) in Projection::ALL.into_iter().enumerate() {
            assert_eq!(projection.name().parse(), Ok(projection));
            assert_eq!(projection.index(), index);
        }
        assert_eq!("Inbox".parse::<Projection>(), Err(UnknownProjection));
    }
}
