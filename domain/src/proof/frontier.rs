//! The right edge of a growing tree: enough to add leaves and to tell the root, in a few hundred bytes.

use super::hash::Hash;
use super::path::MissingHash;
use super::tiles::{Node, Tiles};

/// The roots of the complete subtrees that a tree of `size` leaves consists of, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree whose hashes are in tiles.
    ///
    /// # Errors
    /// When a tile does not hold what a tree of this size needs.
    pub fn of(size: u64, tiles: &impl Tiles) -> Result<Self, MissingHash> {
        let peaks = Node::peaks(0, size).map(|node| node.hash(tiles)).collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of a leaf, and gives every complete subtree that it ends: its height, from 0 for the leaf itself,
    /// and its root.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(u32, Hash)) {
        let (mut hash, mut height) = (leaf, 0);
        completed(height, hash);
        while self.size >> height & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = Hash::of_node(left, hash);
            height += 1;
            completed(height, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let peaks = self.peaks.iter().rev().copied();
        peaks.reduce(|right, left| Hash::of_node(left, right)).unwrap_or_else(Hash::of_nothing)
    }
}
