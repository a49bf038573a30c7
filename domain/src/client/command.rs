//! Orders to a client.

use super::event::{ClientProfile, Contact};
use crate::value::{ClientId, CompanyId, Locale, TimeZone};

/// An order to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCommand {
    /// Take a client on.
    Register(RegisterClient),
    /// Change some of what is known; absent parts stay.
    Change(ClientChange),
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

/// What is to change. Text was validated at the door, as in a [`ClientProfile`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientChange {
    /// A new name.
    pub name: Option<String>,
    /// A new name of the company's own; or none any more.
    pub external_id: Option<Option<String>>,
    /// All the contacts there are to be.
    pub contacts: Option<Vec<Contact>>,
    /// A new language.
    pub locale: Option<Locale>,
    /// A new time zone.
    pub time_zone: Option<TimeZone>,
}
