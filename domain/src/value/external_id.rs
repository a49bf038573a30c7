//! The external id: the code of a client in its company's own systems.

use super::Invalid;
use super::text::{Lines, TextRule, comparable, is_same_text, string_value};

/// A client's number or code at its company: 1 to 200 characters on one line, verbatim, so that `007` is not `7`. Two that
/// look the same are one: they are compared by their [`key`](Self::key).
#[derive(Clone)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest one, in characters.
    pub const MAX_CHARS: usize = 200;

    /// The code as it is compared: the letters of `Ñ7` may come composed or decomposed, with a space or an invisible
    /// character at an end. Case is kept: `a1` is not `A1`.
    pub fn key(&self) -> String {
        comparable(&self.0)
    }

    fn check(text: &str) -> Result<(), Invalid> {
        TextRule { max_chars: Self::MAX_CHARS, lines: Lines::One }.check(text)
    }
}

string_value!(ExternalId);

impl PartialEq for ExternalId {
    fn eq(&self, other: &Self) -> bool {
        is_same_text(&self.0, &other.0)
    }
}

impl Eq for ExternalId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_that_look_the_same_are_one() {
        let id = |text: &str| ExternalId::try_new(text).unwrap();
        for other in ["N\u{303}7", "Ñ7 ", "\u{a0}Ñ7\u{200b}", "Ñ\u{ad}7"] {
            assert_eq!((id(other), id(other).key()), (id("Ñ7"), id("Ñ7").key()), "{other:?}");
        }
        assert_ne!(id("N7"), id("Ñ7"));
        assert_ne!(id("ñ7"), id("Ñ7"));
        assert_ne!(id("7"), id("007"));
    }

    #[test]
    fn an_external_id_comes_back_verbatim() {
        for text in ["007", "7", "CL-2024/15 b", "ñ"] {
            assert_eq!(ExternalId::try_new(text).unwrap().as_str(), text);
        }
        assert_eq!(ExternalId::try_new(" "), Err(Invalid::Missing));
        assert_eq!(ExternalId::try_new("a\nb"), Err(Invalid::LineBreak));
        assert_eq!(ExternalId::try_new("7".repeat(201)), Err(Invalid::TooLong { max: 200 }));
    }
}
