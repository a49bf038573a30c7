//! The rows of one client, joined.

use super::{Column, ImportRow, RowFault, RowReason};
use crate::client::{CONTACTS_MAX, ClientProfile, Contact};
use crate::value::{ExternalId, Name, is_same_text};

/// A client as described by the rows so far. Rows are joined in the order of their lines, so that a repeated import
/// gives the same client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDraft {
    /// The client's code at its company.
    pub external_id: ExternalId,
    /// The client's name: the first row's.
    pub name: Name,
    /// The contacts of its rows, each once.
    pub contacts: Vec<Contact>,
}

impl ClientDraft {
    /// The client of a first row.
    pub fn of(row: ImportRow) -> Self {
        Self { external_id: row.external_id.clone(), name: row.name.clone(), contacts: vec![contact(row)] }
    }

    /// Adds another row of the same client. A contact that exists is not added again.
    ///
    /// # Errors
    /// Rejects the row if it gives the client another name, because one of the two would be lost silently, and if the
    /// client has as many contacts as it may have.
    pub fn add(&mut self, row: ImportRow) -> Result<(), RowFault> {
        if !is_same_text(row.name.as_str(), self.name.as_str()) {
            return Err(RowFault::new(row.line, Column::Name, row.name.as_str(), RowReason::ConflictingName));
        }
        let line = row.line;
        let contact = contact(row);
        if self.contacts.iter().any(|known| known.is_same_as(&contact)) {
            return Ok(());
        }
        if self.contacts.len() == CONTACTS_MAX {
            return Err(RowFault::new(line, Column::Row, &contact.name, RowReason::TooManyContacts));
        }
        self.contacts.push(contact);
        Ok(())
    }

    /// The profile of the client.
    pub fn into_profile(self) -> ClientProfile {
        let external_id = Some(self.external_id.into_string());
        ClientProfile { external_id, name: self.name.into_string(), contacts: self.contacts }
    }
}

fn contact(row: ImportRow) -> Contact {
    Contact {
        kind: row.kind,
        name: row.contact_name.into_string(),
        phone: row.phone.map(Into::into),
        email: row.email.map(Into::into),
    }
}
