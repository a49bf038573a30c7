//! The blind indexes of addresses.

use commands::log::Keys;
use domain::value::{Channel, EmailAddress};

/// The blind indexes of one log's addresses. Projectors get nothing else of the log: they can neither read nor append.
#[derive(Clone)]
pub(crate) struct AddressIndex(Keys);

impl AddressIndex {
    pub(crate) const fn new(keys: Keys) -> Self {
        Self(keys)
    }

    /// The index of an address: of an E.164 number as it is, of an e-mail address in lower case.
    pub(crate) fn of(&self, channel: Channel, address: &str) -> Vec<u8> {
        let Self(keys) = self;
        match channel {
            Channel::Email => match EmailAddress::try_from(address) {
                Ok(email) => keys.blind_index(&email.normalized()),
                Err(_) => keys.blind_index(&address.to_lowercase()),
            },
            Channel::Sms => keys.blind_index(address),
        }
    }
}
