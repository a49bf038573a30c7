//! The name of a person, a business or a company.

use super::Invalid;
use super::text::{Lines, TextRule, string_value};

/// A name: 1 to 200 characters on one line, verbatim.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 200;

    fn check(text: &str) -> Result<(), Invalid> {
        TextRule { max_chars: Self::MAX_CHARS, lines: Lines::One }.check(text)
    }
}

string_value!(Name);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_verbatim() {
        let text = "  José  Ñuñez & Hijos, S.A. 😀\t";
        assert_eq!(Name::try_new(text).unwrap().as_str(), text);
        assert_eq!(serde_json::to_string(&Name::try_new("Zoë").unwrap()).unwrap(), "\"Zoë\"");
    }

    #[test]
    fn a_name_has_at_most_200_characters() {
        assert!(Name::try_new("ñ".repeat(200)).is_ok());
        assert_eq!(Name::try_new("ñ".repeat(201)), Err(Invalid::TooLong { max: 200 }));
    }

    #[test]
    fn a_name_does_not_print_itself_when_debugged() {
        assert_eq!(format!("{:?}", Name::try_new("Ana Pérez").unwrap()), "Name(…)");
    }

    #[test]
    fn a_name_read_from_json_is_checked_too() {
        assert!(serde_json::from_str::<Name>("\"Ana\"").is_ok());
        for refused in ["\"\"", "\"a\\nb\"", "\"a\\u0000b\"", "7", "null"] {
            assert!(serde_json::from_str::<Name>(refused).is_err(), "{refused}");
        }
    }
}
