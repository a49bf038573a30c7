//! The reason that a person states for a decision.

use super::Invalid;
use super::text::{Lines, TextRule, string_value};

/// A reason in a person's own words: 1 to 500 characters, verbatim. It may name somebody, so it is personal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StatedReason(String);

impl StatedReason {
    /// The longest reason, in characters.
    pub const MAX_CHARS: usize = 500;

    fn check(text: &str) -> Result<(), Invalid> {
        TextRule { max_chars: Self::MAX_CHARS, lines: Lines::Many }.check(text)
    }
}

string_value!(StatedReason);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_1_to_500_characters() {
        assert_eq!(StatedReason::try_new(" \n"), Err(Invalid::Missing));
        assert!(StatedReason::try_new("ñ".repeat(500)).is_ok());
        assert_eq!(StatedReason::try_new("ñ".repeat(501)), Err(Invalid::TooLong { max: 500 }));
    }
}
