//! An address as it is given, in the form that contacts have.

use commands::log::EventLog;
use domain::value::{AddressKind, Channel, CompanyId, EmailAddress, Invalid, PhoneNumber};

use crate::problem::{Answer, Problem};

/// The canonical form of an address for a channel. A number in national form is one of the company's country.
///
/// # Errors
/// 422 at `/address` for what is no address, 404 for an unknown company.
pub(crate) async fn canonical_address(
    log: &EventLog,
    company: CompanyId,
    channel: Channel,
    address: &str,
) -> Answer<String> {
    let invalid = |invalid: Invalid| Problem::of_field("/address", invalid.into());
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
