//! Values that are written as text in a body or a query.

use chrono::{DateTime, Utc};
use domain::deliveries::Resolution;
use domain::notification::NotificationState;
use domain::suppression::SuppressionCause;
use domain::value::{
    Category, Channel, ClientId, ColumnText, CompanyId, ContactKind, CountryCode, DeliveryId, EmailAddress,
    EmailBody, ExternalId, HtmlBody, Invalid, Locale, LogoUrl, MessageBody, MessageId, Name, NotificationId,
    PhoneNumber, Priority, RecipientKind, Role, SmsBody, StatedReason, Subject, SuppressionId, TemplateId,
    TimeZone, UserId, VariableName, VariableText, is_invisible,
};
use projections::queries::deliveries::ShownState;

use crate::access::opaque;
use crate::problem::Reason;

/// A type that is read from text.
pub trait FromText: Sized {
    /// The value.
    ///
    /// # Errors
    /// The reason why the text is invalid.
    fn from_text(text: &str) -> Result<Self, Reason>;
}

macro_rules! domain_values {
    ($($name:ty),+ $(,)?) => {
        $(impl FromText for $name {
            fn from_text(text: &str) -> Result<Self, Reason> {
                Self::try_from(text).map_err(Reason::Value)
            }
        })+
    };
}

domain_values!(
    Category,
    Channel,
    ClientId,
    ColumnText,
    CompanyId,
    ContactKind,
    CountryCode,
    DeliveryId,
    EmailBody,
    ExternalId,
    HtmlBody,
    Locale,
    LogoUrl,
    MessageBody,
    MessageId,
    Name,
    NotificationId,
    NotificationState,
    PhoneNumber,
    Priority,
    RecipientKind,
    Resolution,
    Role,
    ShownState,
    SmsBody,
    StatedReason,
    Subject,
    SuppressionCause,
    SuppressionId,
    TemplateId,
    TimeZone,
    UserId,
    VariableName,
    VariableText,
);

/// Surrounding white space is trimmed, because people copy addresses with it.
impl FromText for EmailAddress {
    fn from_text(text: &str) -> Result<Self, Reason> {
        Self::read(text).map_err(Reason::Value)
    }
}

impl FromText for DateTime<Utc> {
    fn from_text(text: &str) -> Result<Self, Reason> {
        DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|_| Reason::Time)
    }
}

/// A search text: at most 200 characters on one line, trimmed; empty for no search.
#[derive(Clone, PartialEq, Eq)]
pub struct Search(String);

impl Search {
    /// The maximum length, in characters.
    pub const MAX_CHARS: usize = 200;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for Search {
    fn from_text(text: &str) -> Result<Self, Reason> {
        short(text.trim(), Self::MAX_CHARS).map(|text| Self(text.to_owned()))
    }
}

/// A short text on one line that is compared but never stored: at most 500 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Short(String);

impl Short {
    /// The maximum length, in characters.
    pub const MAX_CHARS: usize = 500;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for Short {
    fn from_text(text: &str) -> Result<Self, Reason> {
        short(text, Self::MAX_CHARS).map(|text| Self(text.to_owned()))
    }
}

/// A new password: 8 to 200 typeable characters (OWASP ASVS 5.0, 6.2.1 and 6.2.9), counted in their normal form, so
/// that the Unicode form does not matter. Control and invisible characters are refused (RFC 8264, 4.3 and 9.13): they
/// could not be typed again.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The minimum length, in characters.
    pub const MIN_CHARS: usize = 8;
    /// The maximum length, in characters.
    pub const MAX_CHARS: usize = 200;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for Password {
    fn from_text(text: &str) -> Result<Self, Reason> {
        let text = opaque(short(text, Short::MAX_CHARS)?);
        if text.contains(is_invisible) {
            return Err(Invalid::ControlCharacter.into());
        }
        match text.chars().count() {
            0 => Err(Invalid::Missing.into()),
            length if length < Self::MIN_CHARS => Err(Reason::TooShort { min: Self::MIN_CHARS }),
            length if length > Self::MAX_CHARS => Err(Invalid::TooLong { max: Self::MAX_CHARS }.into()),
            _ => Ok(Self(text.into_owned())),
        }
    }
}

fn short(text: &str, max: usize) -> Result<&str, Reason> {
    if text.chars().nth(max).is_some() {
        return Err(Invalid::TooLong { max }.into());
    }
    if text.contains(char::is_control) {
        return Err(Invalid::ControlCharacter.into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_200_characters_of_any_kind_that_can_be_typed() {
        assert!(Password::from_text("ñandú 😀 ").is_ok());
        assert_eq!(Password::from_text("1234567").err(), Some(Reason::TooShort { min: 8 }));
        assert!(Password::from_text(&"x".repeat(201)).is_err());
        assert_eq!(
            Password::from_text("n\u{303}n\u{303}n\u{303}n\u{303}").err(),
            Some(Reason::TooShort { min: 8 })
        );
        assert!(Password::from_text(&"n\u{303}".repeat(200)).is_ok(), "as long as it looks");
    }

    #[test]
    fn every_valid_new_password_can_be_used_to_log_in() {
        for text in ["12345678\0", "1234\t5678", "12345678\n", "\u{85}12345678"] {
            assert_eq!(Password::from_text(text).err(), Some(Invalid::ControlCharacter.into()), "{text:?}");
            assert!(Short::from_text(text).is_err(), "{text:?}");
        }
        assert_eq!(Password::from_text("12345678\u{200b}").err(), Some(Invalid::ControlCharacter.into()));
        let longest = "ñ".repeat(Password::MAX_CHARS);
        assert!(Password::from_text(&longest).is_ok() && Short::from_text(&longest).is_ok());
    }

    #[test]
    fn a_search_never_contains_characters_that_the_database_refuses() {
        assert_eq!(Search::from_text(" josé ").unwrap().as_str(), "josé");
        assert!(Search::from_text("a\0b").is_err());
    }

    #[test]
    fn a_time_is_rfc_3339() {
        assert!(<DateTime<Utc>>::from_text("2026-01-31T10:00:00-05:00").is_ok());
        for refused in ["2026-01-31", "ayer", "2026-13-01T00:00:00Z", ""] {
            assert_eq!(<DateTime<Utc>>::from_text(refused), Err(Reason::Time), "{refused}");
        }
    }
}
