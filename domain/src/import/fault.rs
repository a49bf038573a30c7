//! The faults of a file and of its cells: place, value, a stable code, and a text for people.

use super::fault_text::columns_text;
use super::text_decoder::foreign_bytes_as_windows_1252;
use super::{Column, FileKind};
use crate::value::{Invalid, Language};

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// The declared charset is unknown.
    Charset,
    /// The first bytes show that it is no text.
    NotCsv(FileKind),
    /// There is no header.
    Empty,
    /// The header is too long, or a quote in it is not closed.
    Header,
    /// The header does not have each column once, or has one that can be no column of the company's own.
    Columns {
        /// The missing columns.
        missing: Vec<Column>,
        /// The columns that occur more than once; the first few.
        repeated: Vec<String>,
        /// The unknown columns, as the file names them; the first few.
        unknown: Vec<String>,
    },
    /// More columns of the company's own than a client may have.
    TooManyColumns,
}

impl FileFault {
    /// The reason for programs, stable for ever.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Charset => "unknown_charset",
            Self::NotCsv(_) => "not_csv_file",
            Self::Empty => "empty_file",
            Self::Header => "unreadable_header",
            Self::Columns { .. } => "wrong_columns",
            Self::TooManyColumns => "too_many_columns",
        }
    }

    /// The reason for people.
    pub fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::NotCsv(kind), _) => kind.text(language).into(),
            (Self::Columns { missing, repeated, unknown }, _) => {
                columns_text(missing, repeated, unknown, language)
            }
            (fault, Language::Es) => fault.spanish(),
            (fault, Language::En) => fault.english(),
            (fault, Language::Pt) => fault.portuguese(),
        }
    }
}

/// A fault or a warning about one cell of a row.
#[derive(Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The line of the file on which the row starts; the header is line 1.
    pub line: u64,
    /// The column at fault.
    pub column: Column,
    /// The value, or the start of it. It is personal data and is not logged.
    pub value: String,
    /// What is wrong with it.
    pub reason: RowReason,
}

/// The fault of a cell, or of the row as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowReason {
    /// The value is invalid.
    Invalid(Invalid),
    /// Bytes that are no characters in the file's encoding.
    Unreadable,
    /// More or fewer cells than the header.
    ColumnCount {
        /// The number in the header.
        expected: usize,
        /// The number in the row.
        found: usize,
    },
    /// Text outside the quotes of a quoted cell, or a quote that is never closed.
    Misquoted,
    /// Longer than a row can be.
    RowTooLong,
    /// An earlier row gives the same client another name.
    ConflictingName,
    /// The client already has as many contacts as it may have.
    TooManyContacts,
    /// The client would have more own columns than it may have.
    TooManyColumns,
    /// A warning: an earlier row gives the same client another text in this own column, which stays.
    ConflictingColumn,
    /// A warning: neither an e-mail address nor a telephone that receives SMS, so nothing can reach the contact.
    Unreachable,
    /// A warning: bytes that are invalid in a UTF-8 file, read as Windows-1252.
    NotUtf8,
}

/// The length to which a wrong value is cut in reports, in characters.
const VALUE_MAX_CHARS: usize = 200;

impl RowFault {
    pub(super) fn new(line: u64, column: Column, value: &str, reason: RowReason) -> Self {
        Self { line, column, value: shown(value), reason }
    }

    /// The reason for programs, stable for ever.
    pub const fn code(&self) -> &'static str {
        match self.reason {
            RowReason::Invalid(invalid) => invalid.code(),
            RowReason::Unreadable => "unreadable_character",
            RowReason::ColumnCount { .. } => "wrong_column_count",
            RowReason::Misquoted => "misplaced_quote",
            RowReason::RowTooLong => "row_too_long",
            RowReason::ConflictingName => "conflicting_name",
            RowReason::TooManyContacts => "too_many_contacts",
            RowReason::TooManyColumns => "too_many_columns",
            RowReason::ConflictingColumn => "conflicting_column",
            RowReason::Unreachable => "unreachable_contact",
            RowReason::NotUtf8 => "not_utf8",
        }
    }

    /// The reason for people, in one sentence.
    pub fn detail(&self, language: Language) -> String {
        match (self.reason, language) {
            (RowReason::Invalid(invalid), _) => invalid.text(language),
            (reason, Language::Es) => reason.spanish(),
            (reason, Language::En) => reason.english(),
            (reason, Language::Pt) => reason.portuguese(),
        }
    }
}

/// Without the value, which is personal data.
impl std::fmt::Debug for RowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowFault(line {}, {}, {})", self.line, self.column, self.code())
    }
}

fn shown(value: &str) -> String {
    match value.char_indices().nth(VALUE_MAX_CHARS) {
        Some((end, _)) => format!("{}…", foreign_bytes_as_windows_1252(&value[..end])),
        None => foreign_bytes_as_windows_1252(value),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const LANGUAGES: [Language; 3] = [Language::Es, Language::En, Language::Pt];

    #[test]
    fn a_wrong_header_is_answered_with_the_right_one() {
        let fault = FileFault::Columns {
            missing: vec![Column::Kind, Column::Email],
            repeated: vec!["name".into()],
            unknown: vec!["tipo".into()],
        };
        assert_eq!(
            fault.text(Language::Es),
            "Las columnas no son las esperadas (faltan: kind, email; repetidas: name; desconocidas: tipo). \
             La primera línea debe ser external_id,name,kind,contact_name,phone,email."
        );
        assert_eq!(
            fault.text(Language::En),
            "The columns are not the expected ones (missing: kind, email; repeated: name; unknown: tipo). \
             The first line must be external_id,name,kind,contact_name,phone,email."
        );
        assert_eq!(
            fault.text(Language::Pt),
            "As colunas não são as esperadas (faltam: kind, email; repetidas: name; desconhecidas: tipo). \
             A primeira linha deve ser external_id,name,kind,contact_name,phone,email."
        );
    }

    #[test]
    fn every_fault_reads_as_one_sentence_in_every_language() {
        use FileKind::{Compressed, Page, Pdf, Picture, Utf32, Workbook};
        let kinds = [Workbook, Page, Pdf, Compressed, Picture, Utf32];
        let faults = [FileFault::Charset, FileFault::Empty, FileFault::Header, FileFault::TooManyColumns];
        let faults = faults.into_iter();
        let files = faults
            .chain(kinds.map(FileFault::NotCsv))
            .map(|fault| LANGUAGES.map(|language| fault.text(language)));
        let reasons = [
            RowReason::Invalid(Invalid::Missing),
            RowReason::Unreadable,
            RowReason::ColumnCount { expected: 6, found: 5 },
            RowReason::Misquoted,
            RowReason::RowTooLong,
            RowReason::ConflictingName,
            RowReason::TooManyContacts,
            RowReason::TooManyColumns,
            RowReason::ConflictingColumn,
            RowReason::Unreachable,
            RowReason::NotUtf8,
        ];
        let fault = |reason| RowFault::new(2, Column::Row, "", reason);
        let rows = reasons.map(|reason| LANGUAGES.map(|language| fault(reason).detail(language)));
        for texts in files.chain(rows) {
            assert_eq!(HashSet::from(texts.clone()).len(), LANGUAGES.len(), "{texts:?}");
            assert!(texts.iter().all(|text| text.ends_with('.')), "{texts:?}");
        }
    }

    #[test]
    fn a_long_value_is_shown_by_its_start_and_never_in_a_log() {
        let fault = RowFault::new(
            7,
            Column::Name,
            &"ñ".repeat(300),
            RowReason::Invalid(Invalid::TooLong { max: 200 }),
        );
        assert_eq!(fault.value, format!("{}…", "ñ".repeat(200)));
        assert_eq!(format!("{fault:?}"), "RowFault(line 7, name, too_long)");
    }
}
