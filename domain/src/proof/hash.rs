//! The hashes of RFC 9162, section 2.1.1: SHA-256 with one byte before leaves and another before inner nodes, so that
//! neither can pass for the other.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// A hash of the tree: 32 bytes; as text in base64, as in the formats of C2SP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Self::BYTES]);

impl Hash {
    /// The length of a hash.
    pub const BYTES: usize = 32;

    /// The hash with these bytes.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The hash of a leaf.
    pub fn of_leaf(data: &[u8]) -> Self {
        Self(Sha256::new().chain_update(LEAF).chain_update(data).finalize().into())
    }

    /// The hash of an inner node.
    pub fn of_node(left: Self, right: Self) -> Self {
        Self(Sha256::new().chain_update(NODE).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// The root of a tree without leaves.
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The hash in base64, if it is one.
    pub fn from_base64(text: &str) -> Option<Self> {
        BASE64.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
