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

    fn spanish(&self) -> String {
        match self {
            Self::Charset => "La codificación indicada en charset no se conoce.".into(),
            Self::Empty => format!("El archivo está vacío; la primera línea debe ser {}.", header()),
            Self::Header => format!("No se puede leer la primera línea; debe ser {}.", header()),
            Self::TooManyColumns => {
                format!("El archivo tiene más de {COLUMNS_MAX} columnas propias, el máximo.")
            }
            // `text` has theirs.
            Self::NotCsv(_) | Self::Columns { .. } => String::new(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Charset => "The encoding given as charset is not known.".into(),
            Self::Empty => format!("The file is empty; its first line must be {}.", header()),
            Self::Header => format!("The first line cannot be read; it must be {}.", header()),
            Self::TooManyColumns => {
                format!("The file has more than {COLUMNS_MAX} columns of its own, the most it may have.")
            }
            // `text` has theirs.
            Self::NotCsv(_) | Self::Columns { .. } => String::new(),
        }
    }

    fn portuguese(&self) -> String {
        match self {
            Self::Charset => "A codificação indicada em charset não é conhecida.".into(),
            Self::Empty => format!("O arquivo está vazio; a primeira linha deve ser {}.", header()),
            Self::Header => format!("Não é possível ler a primeira linha; ela deve ser {}.", header()),
            Self::TooManyColumns => {
                format!("O arquivo tem mais de {COLUMNS_MAX} colunas próprias, o máximo.")
            }
            // `text` has theirs.
            Self::NotCsv(_) | Self::Columns { .. } => String::new(),
        }
    }
}

fn header() -> String {
    Column::FILE.map(Column::as_str).join(",")
}

fn columns_text(missing: &[Column], repeated: &[String], unknown: &[String], language: Language) -> String {
    let labels = match language {
        Language::Es => ["faltan", "repetidas", "desconocidas"],
        Language::En => ["missing", "repeated", "unknown"],
        Language::Pt => ["faltam", "repetidas", "desconhecidas"],
    };
    let missing = missing.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", ");
    let found = labels.into_iter().zip([missing, repeated.join(", "), unknown.join(", ")]);
    let found = found.filter(|(_, names)| !names.is_empty());
    let found = found.map(|(label, names)| format!("{label}: {names}")).collect::<Vec<_>>().join("; ");
    let header = header();
    match language {
        Language::Es => {
            format!("Las columnas no son las esperadas ({found}). La primera línea debe ser {header}.")
        }
        Language::En => {
            format!("The columns are not the expected ones ({found}). The first line must be {header}.")
        }
        Language::Pt => {
            format!("As colunas não são as esperadas ({found}). A primeira linha deve ser {header}.")
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

    fn portuguese(self) -> String {
        match self {
            Self::Invalid(invalid) => invalid.text(Language::Pt),
            Self::Unreadable => {
                "Contém caracteres que não podem ser lidos na codificação do arquivo.".into()
            }
            Self::ColumnCount { expected, found } => {
                format!("A linha tem {found} colunas; são esperadas {expected}.")
            }
            Self::Misquoted => "As aspas da linha não estão bem fechadas.".into(),
            Self::RowTooLong => "A linha é longa demais; talvez falte fechar aspas.".into(),
            Self::ConflictingName => "Uma linha anterior dá outro nome ao mesmo cliente.".into(),
            Self::TooManyContacts => format!("O cliente já tem {CONTACTS_MAX} contatos, o máximo."),
            Self::TooManyColumns => format!("O cliente teria mais de {COLUMNS_MAX} colunas próprias, o máximo."),
            Self::ConflictingColumn => {
                "Uma linha anterior dá outro dado ao mesmo cliente; o primeiro é mantido.".into()
            }
            Self::Unreachable => {
                "O contato não tem e-mail nem um telefone que receba SMS: não poderá ser avisado por nenhum canal.".into()
            }
            Self::NotUtf8 => {
                "Tem letras que não estão em UTF-8 como o resto do arquivo; foram lidas como Windows-1252. Confira-as."
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
