//! The name of a variable that a template declares.

use super::Invalid;
use super::text::string_value;

/// A name: 1 to 64 ASCII letters, digits and underscores, the first a letter; none that the template language or the data
/// of a person uses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(String);

/// Data of the person, the company and the moment, and words of the template language.
const RESERVED: &[&str] = &[
    "cliente",
    "contacto",
    "empresa",
    "fecha",
    "and",
    "caller",
    "dict",
    "elif",
    "else",
    "endif",
    "endfor",
    "false",
    "for",
    "if",
    "in",
    "is",
    "loop",
    "namespace",
    "none",
    "not",
    "or",
    "range",
    "recursive",
    "self",
    "set",
    "super",
    "true",
];

impl VariableName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_reserved = RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text));
        if begins_well && is_word && !is_reserved { Ok(()) } else { Err(Invalid::VariableName) }
    }
}

string_value!(VariableName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_that_nothing_else_uses() {
        for name in ["monto", "Fecha_limite", "n1", &"a".repeat(64)] {
            assert!(VariableName::try_new(name).is_ok(), "{name}");
        }
        for refused in ["1n", "_x", "dirección", "a b", "a.b", "cliente", "Fecha", "loop", "not"] {
            assert_eq!(VariableName::try_new(refused), Err(Invalid::VariableName), "{refused}");
        }
        assert_eq!(VariableName::try_new(""), Err(Invalid::Missing));
        assert_eq!(VariableName::try_new("a".repeat(65)), Err(Invalid::TooLong { max: 64 }));
    }
}
