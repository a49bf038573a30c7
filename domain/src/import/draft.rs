//! The rows of one client, joined.

use std::collections::BTreeMap;

use super::{Column, ImportRow, RowFault, RowReason};
use crate::client::{CONTACTS_MAX, ClientProfile, Contact};
use crate::value::{ColumnName, ColumnText, ExternalId, Name, is_same_text};

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
    /// Its texts in the company's own columns: the first row's that has one, none if no row has.
    pub columns: BTreeMap<ColumnName, Option<ColumnText>>,
}

impl ClientDraft {
    /// The client of a first row.
    pub fn of(row: ImportRow) -> Self {
        Self {
            external_id: row.external_id.clone(),
            name: row.name.clone(),
            columns: row.columns.clone(),
            contacts: vec![contact(row)],
        }
    }

    /// Adds another row of the same client, with the warnings about it. A contact that exists is not added again.
    ///
    /// # Errors
    /// Rejects the row if it gives the client another name, because one of the two would be lost silently, and if the
    /// client has as many contacts as it may have.
    pub fn add(&mut self, row: ImportRow) -> Result<Vec<RowFault>, RowFault> {
        if !is_same_text(row.name.as_str(), self.name.as_str()) {
            return Err(RowFault::new(row.line, Column::Name, row.name.as_str(), RowReason::ConflictingName));
        }
        let (line, columns) = (row.line, row.columns.clone());
        let contact = contact(row);
        let is_known = self.contacts.iter().any(|known| known.is_same_as(&contact));
        if !is_known && self.contacts.len() == CONTACTS_MAX {
            return Err(RowFault::new(line, Column::Row, &contact.name, RowReason::TooManyContacts));
        }
        if !is_known {
            self.contacts.push(contact);
        }
        Ok(self.add_columns(line, columns))
    }

    /// Fills own columns that are empty so far. Another text than the one that stays is a warning.
    fn add_columns(&mut self, line: u64, columns: BTreeMap<ColumnName, Option<ColumnText>>) -> Vec<RowFault> {
        let mut warnings = Vec::new();
        for (name, text) in columns.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            let shown = format!("{name}: {text}");
            let first = self.columns.entry(name).or_default().get_or_insert_with(|| text.clone());
            if *first != text {
                warnings.push(RowFault::new(line, Column::Own, &shown, RowReason::ConflictingColumn));
            }
        }
        warnings
    }

    /// The own columns that are empty in all rows of the client.
    pub fn emptied(&self) -> Vec<String> {
        let empty = self.columns.iter().filter(|(_, text)| text.is_none());
        empty.map(|(name, _)| name.as_str().to_owned()).collect()
    }

    /// The profile of the client.
    pub fn into_profile(self) -> ClientProfile {
        let external_id = Some(self.external_id.into_string());
        let columns = self.columns.into_iter();
        let columns = columns.filter_map(|(name, text)| Some((name.into_string(), text?.into_string())));
        ClientProfile {
            external_id,
            name: self.name.into_string(),
            contacts: self.contacts,
            columns: columns.collect(),
        }
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
