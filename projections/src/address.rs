//! The blind indexes of addresses.

use commands::log::Keys;
use domain::value::AddressKind;

/// How many bytes a blind index has: half of the HMAC, as RFC 2104, 5, allows.
const INDEX_BYTES: usize = 16;

/// The blind indexes of one log's addresses. Projectors get nothing else of the log, so that
/// they can neither read nor append.
#[derive(Clone)]
pub(crate) struct AddressIndex(Keys);

impl AddressIndex {
    pub(crate) const fn new(keys: Keys) -> Self {
        Self(keys)
    }

    /// The blind index of an address. 16 bytes tell any addresses apart, and the indexes of contacts are smaller and made
    /// faster.
    pub(crate) fn of(&self, kind: AddressKind, address: &str) -> Vec<u8> {
        let mut index = self.0.blind_index(&kind.comparable(address));
        index.truncate(INDEX_BYTES);
        index
    }
}
