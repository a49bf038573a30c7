//! The proof of the log: every event is a leaf of the Merkle tree of RFC 9162, whose root is signed as a C2SP checkpoint.
//! Pure: hashes, tiles, proofs and their verification, the canonical bytes of events, the text of checkpoints.

mod check;
mod fault;
mod frontier;
mod hash;
mod leaf;
mod members;
mod note;
mod path;
#[cfg(test)]
mod tests;
mod tiles;
mod verify;

pub use self::check::{CheckedRange, LogCheck};
pub use self::fault::{CheckpointFault, Fault};
pub use self::frontier::Frontier;
pub use self::hash::Hash;
pub use self::leaf::{EventRow, event_leaf, event_parts};
pub use self::note::{Checkpoint, NoteError, NoteSignature, Origin, SignedNote, VerifierKey, key_id};
pub use self::path::{MissingHash, Path};
pub use self::tiles::{GainedHashes, GrowingTiles, TILE_HASHES, TileId, Tiles, edge_tiles};
pub use self::verify::{verify_consistency, verify_inclusion};
