//! The name a company's own systems have for a client.

use super::Invalid;
use super::text::{Lines, TextRule, string_value};

/// A client's number or code at its company: 1 to 200 characters on one line, verbatim, so that `007` is not `7`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest one, in characters.
    pub const MAX_CHARS: usize = 200;

    fn check(text: &str) -> Result<(), Invalid> {
        TextRule { max_chars: Self::MAX_CHARS, lines: Lines::One }.check(text)
    }
}

string_value!(ExternalId);

#[cfg(test)]
mod tests {
    use super::*;

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
