//! Orders to a client.

use super::event::ClientProfile;
use crate::value::{ClientId, CompanyId, Locale, TimeZone};

/// An order to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCommand {
    /// Take a client on.
    Register(RegisterClient),
    /// Replace what is known of it.
    Change(ClientDetails),
    /// Destroy what is known of the person and the contacts.
    Erase,
}

/// What a client is taken on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterClient {
    /// The client; also the key of all that is personal.
    pub client: ClientId,
    /// Who serves it.
    pub company: CompanyId,
    /// What is known of it.
    pub details: ClientDetails,
}

/// What is known of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetails {
    /// The personal part.
    pub profile: ClientProfile,
    /// The language it is written to.
    pub locale: Locale,
    /// Where its clock stands.
    pub time_zone: TimeZone,
}
