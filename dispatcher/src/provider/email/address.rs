//! Addresses as they go to a mail server.

use lettre::Address;

/// Reads an address. A domain outside ASCII becomes punycode, so that only a local part can need SMTPUTF8.
pub(in crate::provider) fn parse(text: &str) -> Option<Address> {
    let (user, domain) = text.rsplit_once('@')?;
    if domain.is_ascii() {
        return Address::new(user, domain).ok();
    }
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) => Address::new(user, ascii).ok(),
        _ => Address::new(user, domain).ok(),
    }
}
