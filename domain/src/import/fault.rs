//! The faults of a file and of its cells: place, value, a stable code, and a text for people.

use super::text_decoder::foreign_bytes_as_windows_1252;
use super::{Column, FileKind};
use crate::client::{COLUMNS_MAX, CONTACTS_MAX};
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
        let spanish = language == Language::Es;
        match self {
            Self::Charset if spanish => "La codificación indicada en charset no se conoce.".into(),
            Self::Charset => "The encoding given as charset is not known.".into(),
            Self::NotCsv(kind) => kind.text(language).into(),
            Self::Empty if spanish => {
                format!("El archivo está vacío; la primera línea debe ser {}.", header())
            }
            Self::Empty => format!("The file is empty; its first line must be {}.", header()),
            Self::Header if spanish => format!("No se puede leer la primera línea; debe ser {}.", header()),
            Self::Header => format!("The first line cannot be read; it must be {}.", header()),
            Self::Columns { missing, repeated, unknown } => columns_text(missing, repeated, unknown, spanish),
            Self::TooManyColumns if spanish => {
                format!("El archivo tiene más de {COLUMNS_MAX} columnas propias, el máximo.")
            }
            Self::TooManyColumns => {
                format!("The file has more than {COLUMNS_MAX} columns of its own, the most it may have.")
            }
        }
    }
}

fn header() -> String {
    Column::FILE.map(Column::as_str).join(",")
}

fn columns_text(missing: &[Column], repeated: &[String], unknown: &[String], spanish: bool) -> String {
    let words =
        |columns: &[Column]| columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", ");
    let found = [
        (if spanish { "faltan" } else { "missing" }, words(missing)),
        (if spanish { "repetidas" } else { "repeated" }, repeated.join(", ")),
        (if spanish { "desconocidas" } else { "unknown" }, unknown.join(", ")),
    ];
    let found = found.into_iter().filter(|(_, names)| !names.is_empty());
    let found = found.map(|(label, names)| format!("{label}: {names}")).collect::<Vec<_>>().join("; ");
    if spanish {
        return format!(
            "Las columnas no son las esperadas ({found}). La primera línea debe ser {}.",
            header()
        );
    }
    format!("The columns are not the expected ones ({found}). The first line must be {}.", header())
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
        }
    }
}

impl RowReason {
    fn spanish(self) -> String {
        match self {
            Self::Invalid(invalid) => invalid.text(Language::Es),
            Self::Unreadable => {
                "Contiene caracteres que no se pueden leer en la codificación del archivo.".into()
            }
            Self::ColumnCount { expected, found } => {
                format!("La fila tiene {found} columnas; se esperan {expected}.")
            }
            Self::Misquoted => "Las comillas de la fila no están bien cerradas.".into(),
            Self::RowTooLong => "La fila es demasiado larga; quizá falta cerrar unas comillas.".into(),
            Self::ConflictingName => "Una fila anterior da otro nombre al mismo cliente.".into(),
            Self::TooManyContacts => format!("El cliente ya tiene {CONTACTS_MAX} contactos, el máximo."),
            Self::TooManyColumns => format!("El cliente tendría más de {COLUMNS_MAX} columnas propias, el máximo."),
            Self::ConflictingColumn => "Una fila anterior da otro dato al mismo cliente; se conserva el primero.".into(),
            Self::Unreachable => {
                "El contacto no tiene correo ni un teléfono que reciba SMS: no se le podrá avisar por ningún canal.".into()
            }
            Self::NotUtf8 => {
                "Tiene letras que no están en UTF-8 como el resto del archivo; se leyeron como Windows-1252. Revíselas."
                    .into()
            }
        }
    }

    fn english(self) -> String {
        match self {
            Self::Invalid(invalid) => invalid.text(Language::En),
            Self::Unreadable => "It contains characters that cannot be read in the file's encoding.".into(),
            Self::ColumnCount { expected, found } => {
                format!("The row has {found} columns; {expected} are expected.")
            }
            Self::Misquoted => "The quotes of the row are not closed where they should be.".into(),
            Self::RowTooLong => "The row is too long; perhaps a quote was not closed.".into(),
            Self::ConflictingName => "An earlier row gives the same client another name.".into(),
            Self::TooManyContacts => {
                format!("The client already has {CONTACTS_MAX} contacts, the most it may have.")
            }
            Self::TooManyColumns => {
                format!("The client would have more than {COLUMNS_MAX} columns of its own, the most it may have.")
            }
            Self::ConflictingColumn => "An earlier row gives the same client another text; the first one stays.".into(),
            Self::Unreachable => {
                "The contact has neither an e-mail address nor a telephone that takes SMS: no channel can reach it.".into()
            }
            Self::NotUtf8 => {
                "It has letters that are not UTF-8 like the rest of the file; they were read as Windows-1252. Check them."
                    .into()
            }
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
    use super::*;

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
    }

    #[test]
    fn every_fault_reads_as_one_sentence_in_both_languages() {
        use FileKind::{Compressed, Page, Pdf, Picture, Utf32, Workbook};
        let kinds = [Workbook, Page, Pdf, Compressed, Picture, Utf32];
        let faults = [FileFault::Charset, FileFault::Empty, FileFault::Header, FileFault::TooManyColumns];
        let faults = faults.into_iter();
        let files = faults
            .chain(kinds.map(FileFault::NotCsv))
            .map(|fault| (fault.text(Language::Es), fault.text(Language::En)));
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
        let rows =
            reasons.map(|reason| (fault(reason).detail(Language::Es), fault(reason).detail(Language::En)));
        for (es, en) in files.chain(rows) {
            assert_ne!(es, en);
            assert!(es.ends_with('.') && en.ends_with('.'), "{es} {en}");
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
