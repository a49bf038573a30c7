//! The refusals of a client.

/// A refusal by the rules of clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// A client is registered once.
    #[error("the client was registered already")]
    AlreadyRegistered,
    /// There is no such client.
    #[error("there is no such client")]
    Unknown,
    /// More contacts than a client may have.
    #[error("the client has {found} contacts, more than {}", super::CONTACTS_MAX)]
    TooManyContacts {
        /// How many there are.
        found: usize,
    },
    /// More own columns than a client may have.
    #[error("the client has {found} own columns, more than {}", super::COLUMNS_MAX)]
    TooManyColumns {
        /// How many there are.
        found: usize,
    },
}
