//! The blind indexes of addresses.

use commands::log::Keys;
use domain::value::AddressKind;

/// The blind indexes of one log's addresses. Projectors get nothing else of the log, so that
/// they can neither read nor append.
#[derive(Clone)]
pub(crate) struct AddressIndex(Keys);

impl AddressIndex {
    pub(crate) const fn new(keys: Keys) -> Self {
        Self(keys)
    }

    /// The blind index of an address.
    pub(crate) fn of(&self, kind: AddressKind, address: &str) -> Vec<u8> {
        self.0.blind_index(&kind.comparable(address))
    }
}
