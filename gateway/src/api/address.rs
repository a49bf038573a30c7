//! Addresses in requests: in the form that contacts have.

use std::borrow::Cow;
use std::collections::BTreeSet;

use commands::log::EventLog;
use domain::value::{AddressKind, Channel, CompanyId, CountryCode, EmailAddress, Invalid, PhoneNumber};
use serde_json::Value;

use crate::extract::{FromJson, FromText, Spot};
use crate::problem::{Answer, JsonType, Problem, Reason};

/// An address of a company's client on a channel, given in the field `pointer`. A number may be in the national form of the
/// company's country.
///
/// # Errors
/// 422 at the field for what is no address, 404 for an unknown company.
pub(crate) async fn canonical_address(
    log: &EventLog,
    company: CompanyId,
    channel: Channel,
    (pointer, address): (&str, &str),
) -> Answer<String> {
    let invalid = |invalid: Invalid| Problem::of_field(pointer, invalid.into());
    match channel.rules().address {
        AddressKind::Email => EmailAddress::read(address).map(EmailAddress::into_string).map_err(invalid),
        AddressKind::Phone => {
            let profile = commands::companies::profile(log, company).await?;
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
        let number = PhoneNumber::parse(&with_plus_sign(text), CountryCode::default());
        number.map(PhoneNumber::into_string).map(Self).map_err(Reason::Value)
    }
}

/// A plus sign that is not encoded means a space in a query.
fn with_plus_sign(text: &str) -> Cow<'_, str> {
    match text.strip_prefix(' ') {
        Some(rest) => Cow::Owned(format!("+{}", rest.trim_start())),
        None => Cow::Borrowed(text),
    }
}

/// What an address that is looked for may mean: a number in national form is one of each of these countries.
///
/// # Errors
/// Why it is no address in any of them.
pub(crate) fn sought_in(text: &str, countries: &[CountryCode]) -> Result<Vec<String>, Reason> {
    if AddressKind::of(text) == AddressKind::Email || countries.is_empty() {
        return SoughtAddress::from_text(text).map(|sought| vec![sought.0]);
    }
    let number = with_plus_sign(text);
    let (mut found, mut refused) = (BTreeSet::new(), None);
    for country in countries {
        match PhoneNumber::parse(&number, *country) {
            Ok(number) => _ = found.insert(number.into_string()),
            Err(invalid) => refused = Some(invalid),
        }
    }
    match refused {
        Some(invalid) if found.is_empty() => Err(Reason::Value(invalid)),
        _ => Ok(found.into_iter().collect()),
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

    #[test]
    fn a_number_in_national_form_is_looked_for_in_every_country_that_has_it() {
        let countries = ["CO", "CL"].map(|code| CountryCode::try_from(code).expect("a country"));
        let sought = |text| sought_in(text, &countries);
        assert_eq!(sought("300 123 4567"), Ok(vec!["+573001234567".to_owned()]));
        assert_eq!(sought("9 6123 4567"), Ok(vec!["+56961234567".to_owned()]));
        assert_eq!(sought(" 5116067795"), Ok(vec!["+5116067795".to_owned()]), "of a third country");
        assert_eq!(sought("Ana@example.com"), Ok(vec!["Ana@example.com".to_owned()]));
        assert!(sought("12").is_err() && sought_in("12", &[]).is_err());
    }
}
