//! The texts of the faults of a file and of its cells, in each language.

use super::Column;
use super::fault::{FileFault, RowReason};
use crate::client::{COLUMNS_MAX, CONTACTS_MAX};
use crate::value::Language;

impl FileFault {
    pub(super) fn spanish(&self) -> String {
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

    pub(super) fn english(&self) -> String {
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

    pub(super) fn portuguese(&self) -> String {
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

pub(super) fn columns_text(
    missing: &[Column],
    repeated: &[String],
    unknown: &[String],
    language: Language,
) -> String {
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

impl RowReason {
    pub(super) fn spanish(self) -> String {
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

    pub(super) fn english(self) -> String {
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

    pub(super) fn portuguese(self) -> String {
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
