//! The text of a template's variable.

use super::Invalid;
use super::text::{is_forbidden_control, string_value};

/// A text that is filled in for a variable: at most 10,000 characters, verbatim; it may be empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VariableText(String);

impl VariableText {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 10_000;

    fn check(text: &str) -> Result<(), Invalid> {
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        if text.contains(is_forbidden_control) {
            return Err(Invalid::ControlCharacter);
        }
        Ok(())
    }
}

string_value!(VariableText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_be_empty_and_has_no_control_characters() {
        assert!(VariableText::try_new("").is_ok() && VariableText::try_new("a\n\tb {{ x }}").is_ok());
        assert_eq!(VariableText::try_new("a\u{1b}"), Err(Invalid::ControlCharacter));
        assert_eq!(VariableText::try_new("ñ".repeat(10_001)), Err(Invalid::TooLong { max: 10_000 }));
    }
}
