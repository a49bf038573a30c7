//! One contact of one client, as a row of the file gives it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::header::Header;
use super::text_decoder::{foreign_bytes_as_windows_1252, has_foreign_bytes};
use super::{Column, RowFault, RowReason, unmarked};
use crate::value::{
    AddressKind, Channel, ColumnName, ColumnText, ContactKind, CountryCode, EmailAddress, ExternalId,
    Invalid, Name, PhoneNumber, comparable, fold_white_space, is_invisible,
};

/// A row without faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// The line of the file on which it starts; the header is line 1.
    pub line: u64,
    /// The client's code at its company.
    pub external_id: ExternalId,
    /// The client's name.
    pub name: Name,
    /// Who the contact is to the client.
    pub kind: ContactKind,
    /// The contact's name; a holder without one has the client's.
    pub contact_name: Name,
    /// The contact's telephone.
    pub phone: Option<PhoneNumber>,
    /// The contact's e-mail address.
    pub email: Option<EmailAddress>,
    /// The client's texts in the company's own columns; none in an empty cell.
    pub columns: BTreeMap<ColumnName, Option<ColumnText>>,
}

impl ImportRow {
    /// Reads the cells of a row. A telephone in national form is read as one of `country`. An accepted row comes with
    /// its warnings.
    ///
    /// # Errors
    /// A fault for every cell that is wrong.
    pub(super) fn read(
        line: u64,
        cells: &[String],
        header: &Header,
        country: CountryCode,
    ) -> Result<(Self, Vec<RowFault>), Vec<RowFault>> {
        let mut cells = Cells::new(line, cells, header)?;
        let external_id = cells.required(Column::ExternalId, |text| ExternalId::try_from(text));
        let name = cells.required(Column::Name, |text| Name::try_from(text));
        let kind = cells.required(Column::Kind, kind);
        let contact_name = match kind {
            Some(ContactKind::Holder) | None => {
                cells.optional(Column::ContactName, |text| Name::try_from(text)).or_else(|| name.clone())
            }
            Some(_) => cells.required(Column::ContactName, |text| Name::try_from(text)),
        };
        let phone = cells.optional(Column::Phone, |text| PhoneNumber::parse(text, country));
        let email = cells.optional(Column::Email, EmailAddress::read);
        let columns = cells.own();
        match (external_id, name, kind, contact_name) {
            (Some(external_id), Some(name), Some(kind), Some(contact_name)) if cells.faults.is_empty() => {
                let row = Self { line, external_id, name, kind, contact_name, phone, email, columns };
                let unreachable = (!row.is_reachable()).then(|| {
                    RowFault::new(line, Column::Row, row.contact_name.as_str(), RowReason::Unreachable)
                });
                cells.warnings.extend(unreachable);
                Ok((row, cells.warnings))
            }
            _ => Err(cells.faults),
        }
    }

    /// Whether any channel can reach the contact.
    fn is_reachable(&self) -> bool {
        Channel::ALL.iter().any(|channel| {
            self.address(channel.rules().address).is_some_and(|address| channel.reaches(address))
        })
    }

    fn address(&self, kind: AddressKind) -> Option<&str> {
        match kind {
            AddressKind::Phone => self.phone.as_ref().map(PhoneNumber::as_str),
            AddressKind::Email => self.email.as_ref().map(EmailAddress::as_str),
        }
    }
}

/// The cells of one row, and their faults and warnings so far.
struct Cells<'a> {
    line: u64,
    cells: &'a [String],
    header: &'a Header,
    faults: Vec<RowFault>,
    warnings: Vec<RowFault>,
}

impl<'a> Cells<'a> {
    fn new(line: u64, cells: &'a [String], header: &'a Header) -> Result<Self, Vec<RowFault>> {
        let (expected, found) = (header.columns.len(), cells.len());
        // Spreadsheets add blank cells to rows and to headers.
        let surplus = cells.iter().enumerate().find(|(at, cell)| {
            header.columns.get(*at).copied().flatten().is_none() && !cell.trim().is_empty()
        });
        let short = header.columns.iter().skip(found).flatten().next();
        match (surplus, short) {
            (Some((_, cell)), _) => {
                let expected = header.columns.iter().flatten().count();
                let reason = RowReason::ColumnCount { expected, found };
                Err(vec![RowFault::new(line, Column::Row, cell.trim(), reason)])
            }
            (None, Some(&column)) => {
                Err(vec![RowFault::new(line, column, "", RowReason::ColumnCount { expected, found })])
            }
            (None, None) => Ok(Self { line, cells, header, faults: Vec::new(), warnings: Vec::new() }),
        }
    }

    fn required<T>(&mut self, column: Column, read: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let text = self.text(column)?;
        self.checked(column, &text, read(&text))
    }

    fn optional<T>(&mut self, column: Column, read: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let text = self.text(column)?;
        if text.is_empty() {
            return None;
        }
        self.checked(column, &text, read(&text))
    }

    /// The cells of the company's own columns.
    fn own(&mut self) -> BTreeMap<ColumnName, Option<ColumnText>> {
        let header = self.header;
        let mut columns = BTreeMap::new();
        for (at, name) in &header.own {
            let Some(text) = self.text_at(Column::Own, *at) else { continue };
            let text = match text.as_str() {
                "" => None,
                written => match ColumnText::try_new(written) {
                    Ok(text) => Some(text),
                    Err(invalid) => {
                        self.refuse_at::<()>(Column::Own, *at, written, RowReason::Invalid(invalid));
                        continue;
                    }
                },
            };
            columns.insert(name.clone(), text);
        }
        columns
    }

    fn checked<T>(&mut self, column: Column, text: &str, value: Result<T, Invalid>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(invalid) => self.refuse(column, text, RowReason::Invalid(invalid)),
        }
    }

    fn text(&mut self, column: Column) -> Option<String> {
        let at = self.header.columns.iter().position(|&found| found == Some(column))?;
        self.text_at(column, at)
    }

    /// The text of a cell with its white space folded, without the mark of our own files. Characters that no cell may have are
    /// a fault.
    fn text_at(&mut self, column: Column, at: usize) -> Option<String> {
        let cell = self.legible(column, at)?;
        let trimmed = |text| str::trim_matches(text, |c: char| c.is_whitespace() || is_invisible(c));
        let text = fold_white_space(trimmed(unmarked(trimmed(&cell))));
        if text.contains(char::is_control) {
            return self.refuse_at(column, at, &text, RowReason::Invalid(Invalid::ControlCharacter));
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return self.refuse_at(column, at, &text, RowReason::Unreadable);
        }
        Some(text)
    }

    /// The text of a cell. Foreign bytes are read in names and own columns, and are a fault in ids and addresses.
    fn legible(&mut self, column: Column, at: usize) -> Option<Cow<'a, str>> {
        let cells = self.cells;
        let cell = &cells[at];
        if !has_foreign_bytes(cell) {
            return Some(Cow::Borrowed(cell));
        }
        let folded = fold_white_space(cell);
        if !matches!(column, Column::Name | Column::ContactName | Column::Own) {
            return self.refuse_at(column, at, &folded, RowReason::Unreadable);
        }
        self.warnings.push(self.fault(column, at, &folded, RowReason::NotUtf8));
        Some(Cow::Owned(foreign_bytes_as_windows_1252(cell)))
    }

    fn refuse<T>(&mut self, column: Column, value: &str, reason: RowReason) -> Option<T> {
        self.faults.push(RowFault::new(self.line, column, value, reason));
        None
    }

    fn refuse_at<T>(&mut self, column: Column, at: usize, value: &str, reason: RowReason) -> Option<T> {
        self.faults.push(self.fault(column, at, value, reason));
        None
    }

    /// The fault of a cell. The value of an own column is named.
    fn fault(&self, column: Column, at: usize, value: &str, reason: RowReason) -> RowFault {
        match self.header.own.iter().find(|(place, _)| *place == at) {
            Some((_, name)) => RowFault::new(self.line, column, &format!("{name}: {value}"), reason),
            None => RowFault::new(self.line, column, value, reason),
        }
    }
}

/// The kind by its word, or in Spanish.
fn kind(text: &str) -> Result<ContactKind, Invalid> {
    match comparable(text).to_lowercase().replace(['_', '-'], " ").as_str() {
        "" => Err(Invalid::Missing),
        "holder" | "titular" => Ok(ContactKind::Holder),
        "emergency contact" | "contacto de emergencia" => Ok(ContactKind::EmergencyContact),
        "authorized user" | "usuario autorizado" => Ok(ContactKind::AuthorizedUser),
        _ => Err(Invalid::NotAllowed { allowed: ContactKind::WORDS }),
    }
}
