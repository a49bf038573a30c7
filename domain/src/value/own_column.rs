//! A client's own columns: what its company's file says of it besides names and addresses. Templates name them
//! `cliente.<column>`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Invalid;
use super::text::{Lines, TextRule, string_value};

/// The name of an own column: 1 to 64 lower-case ASCII letters, digits and underscores, the first a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnName(String);

/// What a client has in an own column: 1 to 200 characters on one line.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ColumnText(String);

/// What a file or a template calls by these names already.
const RESERVED: [&str; 9] =
    ["nombre", "external_id", "name", "kind", "contact_name", "phone", "email", "reason", "row"];

impl ColumnName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// The name of a file's column: `Saldo vencido (día)` is `saldo_vencido_dia`.
    ///
    /// # Errors
    /// Says why nothing of the header can be a name.
    pub fn of_header(cell: &str) -> Result<Self, Invalid> {
        let mut name = String::new();
        for c in cell.nfd().filter(|c| !is_combining_mark(*c)) {
            if c.is_ascii_alphanumeric() {
                name.push(c.to_ascii_lowercase());
            } else if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
        }
        Self::try_new(name.trim_end_matches('_'))
    }

    fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        let begins_well = text.starts_with(|first: char| first.is_ascii_lowercase());
        let is_word =
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let is_reserved = RESERVED.contains(&text);
        if begins_well && is_word && !is_reserved { Ok(()) } else { Err(Invalid::ColumnName) }
    }
}

impl ColumnText {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 200;

    fn check(text: &str) -> Result<(), Invalid> {
        TextRule { max_chars: Self::MAX_CHARS, lines: Lines::One }.check(text)
    }
}

string_value!(ColumnName);
string_value!(ColumnText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_files_column_is_written_without_accents_and_signs() {
        let of = |cell: &str| ColumnName::of_header(cell).map(ColumnName::into_string);
        for (cell, name) in [
            ("saldo", "saldo"),
            (" Saldo vencido (día) ", "saldo_vencido_dia"),
            ("AÑO", "ano"),
            ("n.º de cuenta", "n_de_cuenta"),
            ("Cuota-1", "cuota_1"),
        ] {
            assert_eq!(of(cell).as_deref(), Ok(name), "{cell}");
        }
        for cell in ["2024", "Nombre", "row", "Phone", "1 cuota"] {
            assert_eq!(of(cell), Err(Invalid::ColumnName), "{cell}");
        }
        assert_eq!(of("¿?"), Err(Invalid::Missing));
        assert_eq!(of(&"a".repeat(65)), Err(Invalid::TooLong { max: 64 }));
    }

    #[test]
    fn a_name_by_itself_is_already_written_so() {
        for refused in ["Saldo", "año", "a b", "_a", "nombre"] {
            assert_eq!(ColumnName::try_new(refused), Err(Invalid::ColumnName), "{refused}");
        }
    }

    #[test]
    fn a_text_is_one_line_of_200_characters() {
        assert!(ColumnText::try_new("ñ".repeat(200)).is_ok());
        assert_eq!(ColumnText::try_new("ñ".repeat(201)), Err(Invalid::TooLong { max: 200 }));
        assert_eq!(ColumnText::try_new("a\nb"), Err(Invalid::LineBreak));
        assert_eq!(ColumnText::try_new(" "), Err(Invalid::Missing));
    }
}
