//! What a worker may do.

use super::word::words;

words! {
    /// A role of a worker.
    Role {
        /// Writes messages to other workers.
        Operator = "operator",
        /// Notifies the clients of its companies.
        Notifier = "notifier",
        /// Reads everything of its companies.
        Auditor = "auditor",
        /// Every role, for every company.
        Admin = "admin",
    }
}

impl Role {
    /// Whether this role includes `needed`.
    pub const fn includes(self, needed: Self) -> bool {
        matches!(self, Self::Admin) || self as u8 == needed as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_has_every_role_and_the_others_only_their_own() {
        for &role in Role::ALL {
            for &needed in Role::ALL {
                assert_eq!(role.includes(needed), role == Role::Admin || role == needed);
            }
        }
    }
}
