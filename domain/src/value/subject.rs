//! The subject of an e-mail.

use super::Invalid;
use super::text::{Lines, TextRule, string_value};

/// A subject: 1 to 200 characters on one line, verbatim. A line break in it would let a writer add mail headers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// The longest subject, in characters.
    pub const MAX_CHARS: usize = 200;

    fn check(text: &str) -> Result<(), Invalid> {
        TextRule { max_chars: Self::MAX_CHARS, lines: Lines::One }.check(text)
    }
}

string_value!(Subject);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_carry_a_header_of_its_own() {
        for text in ["Hola\r\nBcc: todos@example.com", "Hola\nBcc: x@example.com", "Hola\rX", "Hola\u{85}X"] {
            assert_eq!(Subject::try_new(text), Err(Invalid::LineBreak), "{text:?}");
        }
    }

    #[test]
    fn a_subject_has_1_to_200_characters() {
        assert_eq!(Subject::try_new(" "), Err(Invalid::Missing));
        assert!(Subject::try_new("é".repeat(200)).is_ok());
        assert_eq!(Subject::try_new("é".repeat(201)), Err(Invalid::TooLong { max: 200 }));
    }
}
