//! How addresses are found without being readable.

use commands::log::EventLog;
use domain::value::{Channel, EmailAddress};

/// The blind indexes of one log's addresses. All that projectors get of the log: they can neither read nor append.
#[derive(Clone)]
pub(crate) struct AddressIndex(EventLog);

impl AddressIndex {
    pub(crate) const fn new(log: EventLog) -> Self {
        Self(log)
    }

    /// Of an address as it is compared: an E.164 number as it stands, an e-mail address without case.
    pub(crate) fn of(&self, channel: Channel, address: &str) -> Vec<u8> {
        let keyring = self.0.keyring();
        match (channel, EmailAddress::try_from(address)) {
            (Channel::Email, Ok(email)) => keyring.blind_index(&email.normalized()),
            (Channel::Email, Err(_)) => keyring.blind_index(&address.to_lowercase()),
            (Channel::Sms, _) => keyring.blind_index(address),
        }
    }
}
