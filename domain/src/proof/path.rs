//! Inclusion and consistency proofs of RFC 9162, sections 2.1.3.1 and 2.1.4.1: which subtrees they name, and the hashes
//! of these from any source of tiles.

use std::collections::BTreeSet;
use std::ops::Range;

use super::hash::Hash;
use super::tiles::{Node, TileId, Tiles};

/// A tile does not hold a hash that the tree must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tile {} of level {} lacks a hash", .0.index, .0.level)]
pub struct MissingHash(pub TileId);

/// The leaves of each subtree that a proof names, in the order of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Range<u64>>);

impl Path {
    /// The proof that the leaf `index`, from 0, is in the tree of `size` leaves; none if it is not.
    pub fn of_inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let (mut tree, mut subtrees) = (0..size, Vec::new());
        while tree.end - tree.start > 1 {
            let middle = split(&tree);
            if index < middle {
                subtrees.push(middle..tree.end);
                tree.end = middle;
            } else {
                subtrees.push(tree.start..middle);
                tree.start = middle;
            }
        }
        Some(Self::from_root(subtrees))
    }

    /// The proof that the tree of `to` leaves begins with all leaves of the tree of `from` leaves; none unless
    /// `1 <= from <= to`.
    pub fn of_consistency(from: u64, to: u64) -> Option<Self> {
        if from == 0 || from > to {
            return None;
        }
        let (mut tree, mut subtrees) = (0..to, Vec::new());
        while from != tree.end {
            let middle = split(&tree);
            if from <= middle {
                subtrees.push(middle..tree.end);
                tree.end = middle;
            } else {
                subtrees.push(tree.start..middle);
                tree.start = middle;
            }
        }
        // The verifier has the root of the old tree, unless the rest of it is only a part of that tree.
        if tree.start > 0 {
            subtrees.push(tree);
        }
        Some(Self::from_root(subtrees))
    }

    fn from_root(mut subtrees: Vec<Range<u64>>) -> Self {
        subtrees.reverse();
        Self(subtrees)
    }

    /// The tiles that the hashes are computed from.
    pub fn tiles(&self) -> BTreeSet<TileId> {
        self.0.iter().flat_map(|leaves| Node::peaks(leaves.start, leaves.end)).map(Node::tile).collect()
    }

    /// The hashes of the proof.
    ///
    /// # Errors
    /// When a tile of [`Path::tiles`] does not hold what it must.
    pub fn hashes(&self, tiles: &impl Tiles) -> Result<Vec<Hash>, MissingHash> {
        self.0.iter().map(|leaves| root(leaves, tiles)).collect()
    }
}

/// Where RFC 9162 splits a tree of more than one leaf: after the largest power of two that is smaller than it.
fn split(tree: &Range<u64>) -> u64 {
    let length = tree.end - tree.start;
    tree.start + (1 << (length - 1).ilog2())
}

fn root(leaves: &Range<u64>, tiles: &impl Tiles) -> Result<Hash, MissingHash> {
    let peaks = Node::peaks(leaves.start, leaves.end).map(|node| node.hash(tiles));
    let peaks = peaks.collect::<Result<Vec<_>, _>>()?;
    let root = peaks.into_iter().rev().reduce(|right, left| Hash::of_node(left, right));
    Ok(root.unwrap_or_else(Hash::of_nothing))
}
