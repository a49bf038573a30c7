//! Addresses in requests: in the form that contacts have.

use domain::value::{AddressKind, Channel, CompanyId, CountryCode, EmailAddress, Invalid, PhoneNumber};
use serde_json::Value;

use crate::extract::{FromJson, FromText, Spot};
use crate::problem::{Answer, JsonType, Problem, Reason};
use crate::state::AppState;

/// An address of a company's client on a channel, given in the field `pointer`. A number may be in the national form of the
/// company's country.
pub(super) async fn canonical(
    state: &AppState,
    company: CompanyId,
    channel: Channel,
    (pointer, address): (&str, &str),
) -> Answer<String> {
    let invalid = |invalid: Invalid| Problem::of_field(pointer, invalid.into());
    match channel.rules().address {
        AddressKind::Email => EmailAddress::read(address).map(EmailAddress::into_string).map_err(invalid),
        AddressKind::Phone => {
            let profile = commands::companies::profile(state.log(), company).await?;
            let country = profile.ok_or_else(Problem::not_found)?.country.parse();
            let country = country.map_err(|invalid: Invalid| Problem::internal(&invalid))?;
            PhoneNumber::parse(address, country).map(PhoneNumber::into_string).map_err(invalid)
        }
    }
}

/// An address that is looked for: an e-mail address, or a number with its country's code.
#[derive(Debug, Clone)]
pub(super) struct SoughtAddress(pub(super) String);

impl FromText for SoughtAddress {
    fn from_text(text: &str) -> Result<Self, Reason> {
        if AddressKind::of(text) == AddressKind::Email {
            return EmailAddress::read(text).map(EmailAddress::into_string).map(Self).map_err(Reason::Value);
        }
        // A plus sign that is not encoded means a space in a query.
        let number = match text.strip_prefix(' ') {
            Some(rest) => format!("+{}", rest.trim_start()),
            None => text.to_owned(),
        };
        let number = PhoneNumber::parse(&number, CountryCode::default());
        number.map(PhoneNumber::into_string).map(Self).map_err(Reason::Value)
    }
}

impl FromJson for SoughtAddress {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Value::String(text) = value else { return spot.refuse(Reason::WrongType(JsonType::Text)) };
        Self::from_text(&text).map_or_else(|reason| spot.refuse(reason), Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_with_its_plus_sign_encoded_or_not() {
        for text in ["+573001234567", " 573001234567"] {
            assert_eq!(SoughtAddress::from_text(text).map(|sought| sought.0), Ok("+573001234567".to_owned()));
        }
        let ana = SoughtAddress::from_text("Ana@example.com").map(|sought| sought.0);
        assert_eq!(ana, Ok("Ana@example.com".to_owned()));
        assert!(SoughtAddress::from_text("nobody").is_err());
    }
}
