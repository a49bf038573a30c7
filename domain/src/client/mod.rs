//! A client: a person or business served by one company, with its contacts.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::{ClientChange, ClientCommand, ClientDetails, RegisterClient};
pub use self::error::ClientError;
pub use self::event::{ClientEvent, ClientProfile, Contact, with_address};
use crate::aggregate::aggregate;
use crate::personal::Personal;
use crate::value::{ClientId, CompanyId};

/// How many contacts a client may have.
pub const CONTACTS_MAX: usize = 100;
/// How many own columns a client may have.
pub const COLUMNS_MAX: usize = 20;

/// The state of a client that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Client {
    /// Nothing has happened yet.
    #[default]
    Unregistered,
    /// A company serves it.
    Served(Served),
    /// The client was erased.
    Erased,
}

/// A client that a company serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// The company.
    pub company: CompanyId,
    /// The personal data.
    pub profile: Personal<ClientProfile>,
    /// The language it is written to.
    pub locale: String,
    /// Its time zone, as an IANA name.
    pub time_zone: String,
}

aggregate!(Client, "client", ClientCommand, ClientEvent, ClientError);

impl Client {
    /// The client, while a company serves it.
    pub const fn served(&self) -> Option<&Served> {
        match self {
            Self::Served(served) => Some(served),
            Self::Unregistered | Self::Erased => None,
        }
    }

    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: ClientCommand) -> Result<Vec<ClientEvent>, ClientError> {
        match (self, command) {
            (Self::Unregistered, ClientCommand::Register(order)) => register(order),
            (_, ClientCommand::Register(_)) => Err(ClientError::AlreadyRegistered),
            (Self::Served(served), ClientCommand::Change(change)) => served.change(change),
            (Self::Served(served), ClientCommand::Erase) => {
                Ok(vec![ClientEvent::ClientErased { company: served.company }])
            }
            (Self::Erased, ClientCommand::Erase) => Ok(vec![]),
            (Self::Unregistered | Self::Erased, _) => Err(ClientError::Unknown),
        }
    }

    fn fold(&mut self, event: ClientEvent) {
        *self = match event {
            ClientEvent::ClientRegistered { company, profile, locale, time_zone }
            | ClientEvent::ClientChanged { company, profile, locale, time_zone } => {
                Self::Served(Served { company, profile, locale, time_zone })
            }
            ClientEvent::ClientErased { .. } => Self::Erased,
        };
    }
}

impl Served {
    /// No event if nothing changes, so that importing a file twice changes nothing. A partial change does not bring an
    /// erased profile back.
    fn change(&self, change: ClientChange) -> Result<Vec<ClientEvent>, ClientError> {
        let now = self.profile.get().ok_or(ClientError::Unknown)?.clone();
        let locale = change.locale.map_or_else(|| self.locale.clone(), |locale| locale.to_string());
        let time_zone = change.time_zone.map_or_else(|| self.time_zone.clone(), |zone| zone.to_string());
        let profile = ClientProfile {
            external_id: change.external_id.unwrap_or(now.external_id),
            name: change.name.unwrap_or(now.name),
            contacts: change.contacts.unwrap_or(now.contacts),
            columns: change.columns.unwrap_or(now.columns),
        };
        refuse_too_many(&profile)?;
        let profile = Personal::new(self.profile.key, profile);
        if self.profile == profile && self.locale == locale && self.time_zone == time_zone {
            return Ok(vec![]);
        }
        Ok(vec![ClientEvent::ClientChanged { company: self.company, profile, locale, time_zone }])
    }
}

fn register(order: RegisterClient) -> Result<Vec<ClientEvent>, ClientError> {
    refuse_too_many(&order.details.profile)?;
    Ok(vec![ClientEvent::ClientRegistered {
        company: order.company,
        profile: Personal::new(ClientId::into(order.client), order.details.profile),
        locale: order.details.locale.to_string(),
        time_zone: order.details.time_zone.to_string(),
    }])
}

fn refuse_too_many(profile: &ClientProfile) -> Result<(), ClientError> {
    match (profile.contacts.len(), profile.columns.len()) {
        (found, _) if found > CONTACTS_MAX => Err(ClientError::TooManyContacts { found }),
        (_, found) if found > COLUMNS_MAX => Err(ClientError::TooManyColumns { found }),
        _ => Ok(()),
    }
}
