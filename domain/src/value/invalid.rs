//! Why a value was refused: one small reason for every value type, with a stable code and a readable text.

use std::fmt;

use super::{Language, PhoneNumber};

/// Why a value was refused. What it prints never has the value, so that it may be logged; [`Invalid::text`] names the
/// readings of a telephone number that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Invalid {
    /// The value is empty, or has invisible characters only.
    Missing,
    /// More than `max` characters.
    TooLong {
        /// The most it may have, in characters.
        max: usize,
    },
    /// A control character other than a line feed or a tab.
    ControlCharacter,
    /// A line break in a field of one line.
    LineBreak,
    /// Not an e-mail address that can be written to.
    Email(EmailFault),
    /// Not a telephone number that can be called.
    Phone(PhoneFault),
    /// Not a country of ISO 3166-1, in its two capital letters.
    Country,
    /// Not a time zone of the IANA database.
    TimeZone,
    /// Not a language, or a language and region, that is known.
    Locale,
    /// Not a UUID in its 36 characters.
    Id,
    /// Not a name that a variable of a template can have.
    VariableName,
    /// Not a name that a client's own column can have.
    ColumnName,
    /// Not the address of a logo.
    LogoUrl,
    /// None of the words that are allowed.
    NotAllowed {
        /// The words that are.
        allowed: &'static [&'static str],
    },
}

/// The fault of an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmailFault {
    /// It does not have the form of one.
    Form,
    /// A character that no address has, or that an address does not have there.
    Character(char),
    /// It has a name beside it.
    Name,
    /// More than one address.
    Several,
}

/// The fault of a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhoneFault {
    /// Something other than digits, spaces, dots, dashes, parentheses and a leading plus sign.
    Characters,
    /// No country has this calling code.
    CallingCode,
    /// No number of that country is of this length, or begins like this.
    Plan,
    /// It can be read as two numbers or more, of which these are the first.
    Ambiguous(Reading, Reading),
    /// A spreadsheet has made an amount of it, `300123456.0` or `3.00E+09`, and digits may be lost.
    Spreadsheet,
    /// A mobile number of Brazil without the 9 behind the area code.
    NinthDigit,
    /// A premium rate number or a voice mailbox, which is no person's telephone.
    Service,
}

/// One reading of a written number: digits of E.164. `Debug` does not print it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading(u64);

impl From<&PhoneNumber> for Reading {
    fn from(number: &PhoneNumber) -> Self {
        Self(
            number
                .as_str()
                .bytes()
                .filter(u8::is_ascii_digit)
                .fold(0, |all, digit| all * 10 + u64::from(digit - b'0')),
        )
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading(…)")
    }
}

impl Invalid {
    /// The code of the reason, for programs; it never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter => "control_character",
            Self::LineBreak => "line_break",
            Self::Email(_) => "invalid_email",
            Self::Phone(_) => "invalid_phone",
            Self::Country => "unknown_country",
            Self::TimeZone => "unknown_time_zone",
            Self::Locale => "unknown_locale",
            Self::Id => "invalid_id",
            Self::VariableName => "invalid_variable_name",
            Self::ColumnName => "invalid_column_name",
            Self::LogoUrl => "invalid_logo_url",
            Self::NotAllowed { .. } => "not_allowed",
        }
    }

    /// The reason for a person, shown beside the field: one sentence.
    pub fn text(self, language: Language) -> String {
        match language {
            Language::Es => self.spanish(),
            Language::En => self.english(),
            Language::Pt => self.portuguese(),
        }
    }
}

/// In English, for logs and for errors of deserialisation: without the readings of a telephone number.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(fault) => write!(f, "It is not a valid telephone number: {}.", fault.english()),
            other => f.write_str(&other.english()),
        }
    }
}

impl std::error::Error for Invalid {}

/// A limit as people write it: `10.000` or `10,000`.
pub fn grouped(number: usize, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Invalid; 20] = [
        Invalid::Missing,
        Invalid::TooLong { max: 200 },
        Invalid::ControlCharacter,
        Invalid::LineBreak,
        Invalid::Email(EmailFault::Form),
        Invalid::Email(EmailFault::Character('·')),
        Invalid::Email(EmailFault::Name),
        Invalid::Email(EmailFault::Several),
        Invalid::Phone(PhoneFault::Characters),
        Invalid::Phone(PhoneFault::CallingCode),
        Invalid::Phone(PhoneFault::Plan),
        Invalid::Phone(PhoneFault::Ambiguous(Reading(573_001_234_567), Reading(3_211_234_567))),
        Invalid::Phone(PhoneFault::Spreadsheet),
        Invalid::Phone(PhoneFault::NinthDigit),
        Invalid::Phone(PhoneFault::Service),
        Invalid::Country,
        Invalid::TimeZone,
        Invalid::Locale,
        Invalid::Id,
        Invalid::NotAllowed { allowed: &["sms", "email"] },
    ];

    #[test]
    fn every_reason_reads_as_one_sentence_in_both_languages() {
        for reason in ALL {
            let (es, en) = (reason.text(Language::Es), reason.text(Language::En));
            assert_ne!(es, en, "{reason:?}");
            for text in [es, en] {
                assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{text}");
            }
        }
    }

    #[test]
    fn readings_are_shown_to_the_caller_and_never_logged() {
        let readings =
            Invalid::Phone(PhoneFault::Ambiguous(Reading(573_001_234_567), Reading(3_211_234_567)));
        for language in [Language::Es, Language::En] {
            let text = readings.text(language);
            assert!(text.contains("+573001234567") && text.contains("+3211234567"), "{text}");
        }
        assert!(!format!("{readings} {readings:?}").contains(|c: char| c.is_ascii_digit()));
    }

    #[test]
    fn a_limit_is_grouped_as_the_reader_writes_numbers() {
        let reason = Invalid::TooLong { max: 100_000 };
        assert_eq!(reason.text(Language::Es), "No puede tener más de 100.000 caracteres.");
        assert_eq!(reason.text(Language::En), "It cannot be longer than 100,000 characters.");
        assert_eq!(Invalid::TooLong { max: 200 }.to_string(), "It cannot be longer than 200 characters.");
    }

    #[test]
    fn a_character_is_named_by_its_code_point() {
        let text = |c| Invalid::Email(EmailFault::Character(c)).text(Language::En);
        assert!(text('·').ends_with("there, «·» (U+00B7)."), "{}", text('·'));
        for hidden in ['\u{200b}', '\u{a0}', '\u{301}'] {
            assert!(
                text(hidden).ends_with(&format!("there, U+{:04X}.", u32::from(hidden))),
                "{}",
                text(hidden)
            );
        }
    }

    #[test]
    fn a_word_that_is_not_allowed_is_answered_with_those_that_are() {
        let text = Invalid::NotAllowed { allowed: &["sms", "email"] }.text(Language::Es);
        assert_eq!(text, "No es un valor admitido; puede ser sms, email.");
    }
}
