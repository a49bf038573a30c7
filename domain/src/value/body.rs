//! The bodies people write: of a message, of an SMS, of an e-mail as text and as HTML.

use super::Invalid;
use super::text::{Lines, TextRule, string_value};

/// The body of a message between workers: 1 to 10,000 characters, verbatim.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageBody(String);

/// The body of an SMS: 1 to 1,600 characters, verbatim; [`super::sms`] counts its parts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SmsBody(String);

/// The body of an e-mail: 1 to 100,000 characters, verbatim.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailBody(String);

/// The HTML or MJML of an e-mail: 1 to 100,000 characters, verbatim.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HtmlBody(String);

macro_rules! body {
    ($name:ident, $max:literal) => {
        impl $name {
            /// The longest body, in characters.
            pub const MAX_CHARS: usize = $max;

            fn check(text: &str) -> Result<(), Invalid> {
                TextRule { max_chars: Self::MAX_CHARS, lines: Lines::Many }.check(text)
            }
        }

        string_value!($name);
    };
}

body!(MessageBody, 10_000);
body!(SmsBody, 1_600);
body!(EmailBody, 100_000);
body!(HtmlBody, 100_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_keeps_its_lines_and_tabs() {
        let text = "Hola:\n\n\tSe activó la alarma.\n";
        assert_eq!(MessageBody::try_new(text).unwrap().into_string(), text);
        assert_eq!(SmsBody::try_new(text).unwrap().into_string(), text);
        assert_eq!(EmailBody::try_new(text).unwrap().into_string(), text);
    }

    #[test]
    fn a_body_is_not_blank() {
        assert_eq!(MessageBody::try_new("\n \t"), Err(Invalid::Missing));
        assert_eq!(SmsBody::try_new(""), Err(Invalid::Missing));
        assert_eq!(EmailBody::try_new("\u{200b}"), Err(Invalid::Missing));
    }

    #[test]
    fn a_body_has_no_control_characters() {
        assert_eq!(MessageBody::try_new("a\0"), Err(Invalid::ControlCharacter));
        assert_eq!(SmsBody::try_new("a\u{1b}[0m"), Err(Invalid::ControlCharacter));
        assert_eq!(EmailBody::try_new("a\r\nb"), Err(Invalid::ControlCharacter));
    }

    #[test]
    fn every_body_has_its_own_limit() {
        assert!(MessageBody::try_new("á".repeat(10_000)).is_ok());
        assert_eq!(MessageBody::try_new("á".repeat(10_001)), Err(Invalid::TooLong { max: 10_000 }));
        assert!(SmsBody::try_new("á".repeat(1_600)).is_ok());
        assert_eq!(SmsBody::try_new("á".repeat(1_601)), Err(Invalid::TooLong { max: 1_600 }));
        assert!(EmailBody::try_new("á".repeat(100_000)).is_ok());
        assert_eq!(EmailBody::try_new("á".repeat(100_001)), Err(Invalid::TooLong { max: 100_000 }));
    }
}
