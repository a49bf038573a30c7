//! The commands of a client.

use std::collections::BTreeMap;

use super::event::{ClientProfile, Contact};
use crate::value::{ClientId, CompanyId, Locale, TimeZone};

/// A command of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCommand {
    /// Register a client.
    Register(RegisterClient),
    /// Change the given fields; absent ones stay.
    Change(ClientChange),
    /// Erase the person and the contacts.
    Erase,
}

/// The fields of a new client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterClient {
    /// The client; also the key of all that is personal.
    pub client: ClientId,
    /// The company that serves it.
    pub company: CompanyId,
    /// The profile.
    pub details: ClientDetails,
}

/// The profile of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetails {
    /// The personal part.
    pub profile: ClientProfile,
    /// The language it is written to.
    pub locale: Locale,
    /// Its time zone.
    pub time_zone: TimeZone,
}

/// The fields to change. Text was validated at the boundary, as in a [`ClientProfile`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientChange {
    /// A new name.
    pub name: Option<String>,
    /// A new external id, or its removal.
    pub external_id: Option<Option<String>>,
    /// The new list of all contacts.
    pub contacts: Option<Vec<Contact>>,
    /// All own columns, in place of those it has.
    pub columns: Option<BTreeMap<String, String>>,
    /// A new language.
    pub locale: Option<Locale>,
    /// A new time zone.
    pub time_zone: Option<TimeZone>,
}
