//! Tiles as in C2SP tlog-tiles: 256 hashes in a row, at every eighth height of the tree. They are the only stored form of
//! the tree: all other inner nodes are computed from them.

use std::collections::BTreeMap;

use super::frontier::Frontier;
use super::hash::Hash;
use super::path::MissingHash;

/// How many heights of the tree one tile covers.
const TILE_HEIGHT: u32 = 8;
/// How many hashes a full tile holds. The last one of a level may hold fewer.
pub const TILE_HASHES: u64 = 1 << TILE_HEIGHT;

/// The place of a tile. Hash `i` of tile `index` at `level` is the root of the complete subtree over the leaves
/// `256^level * (256 * index + i)` and the following, `256^level` in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaves.
    pub level: u8,
    /// From 0, left to right.
    pub index: u64,
}

/// A source of tiles.
pub trait Tiles {
    /// The hashes of a tile, as many as there are; none if there is no such tile.
    fn hashes(&self, tile: TileId) -> Option<&[Hash]>;
}

impl Tiles for BTreeMap<TileId, Vec<Hash>> {
    fn hashes(&self, tile: TileId) -> Option<&[Hash]> {
        self.get(&tile).map(Vec::as_slice)
    }
}

/// The tiles that are not full in a tree of `size` leaves, with how many hashes each holds: what adding leaves needs.
pub fn edge_tiles(size: u64) -> impl Iterator<Item = (TileId, u64)> {
    let levels = (0_u8..8).map_while(move |level| {
        let hashes = size >> (TILE_HEIGHT * u32::from(level));
        (hashes > 0).then_some((TileId { level, index: hashes / TILE_HASHES }, hashes % TILE_HASHES))
    });
    levels.filter(|(_, width)| *width > 0)
}

/// A complete subtree: the leaves `index << height` and the following, `1 << height` in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    height: u32,
    index: u64,
}

impl Node {
    /// The complete subtrees that the leaves `first..end` consist of, the largest first. `first` is a multiple of the
    /// largest, as in every split of RFC 9162.
    pub(super) fn peaks(first: u64, end: u64) -> impl Iterator<Item = Self> {
        let length = end - first;
        let heights = (0..u64::BITS).rev().filter(move |height| length >> height & 1 == 1);
        heights.scan(first, |start, height| {
            let node = Self { height, index: *start >> height };
            *start += 1 << height;
            Some(node)
        })
    }

    /// The tile that has the hashes of the node, and which of them.
    fn place(self) -> (TileId, u64, u64) {
        let (level, rise) = (self.height / TILE_HEIGHT, self.height % TILE_HEIGHT);
        let first = self.index << rise;
        (TileId { level: level as u8, index: first / TILE_HASHES }, first % TILE_HASHES, 1 << rise)
    }

    /// The tile that the node's hash is computed from.
    pub(super) fn tile(self) -> TileId {
        self.place().0
    }

    /// The hash of the node.
    pub(super) fn hash(self, tiles: &impl Tiles) -> Result<Hash, MissingHash> {
        let (tile, first, count) = self.place();
        let range = first as usize..(first + count) as usize;
        let hashes = tiles.hashes(tile).and_then(|hashes| hashes.get(range)).ok_or(MissingHash(tile))?;
        Ok(root_of_full(hashes))
    }
}

/// The root over hashes whose number is a power of two.
fn root_of_full(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Hash::of_node(root_of_full(left), root_of_full(right))
        }
    }
}

/// A tree that leaves are added to, with the hashes that its tiles gain.
#[derive(Debug, Clone, Default)]
pub struct GrowingTiles {
    frontier: Frontier,
    /// By level: how many hashes the level has without those in `gained`.
    known: Vec<u64>,
    /// By level: the hashes since the last [`GrowingTiles::take_gained`].
    gained: Vec<Vec<Hash>>,
}

/// The hashes that a tile gains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GainedHashes {
    /// The tile.
    pub tile: TileId,
    /// How many hashes it had before.
    pub width_before: u64,
    /// The hashes that follow.
    pub hashes: Vec<Hash>,
}

impl GrowingTiles {
    /// Continues a tree.
    pub fn after(frontier: Frontier) -> Self {
        let size = frontier.size();
        let known = (0..8).map(|level| size >> (TILE_HEIGHT * level)).take_while(|hashes| *hashes > 0);
        Self { known: known.collect(), gained: Vec::new(), frontier }
    }

    /// The frontier of the tree with all added leaves.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Adds the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let gained = &mut self.gained;
        self.frontier.push(leaf, |height, hash| {
            if height % TILE_HEIGHT == 0 {
                let level = (height / TILE_HEIGHT) as usize;
                if gained.len() <= level {
                    gained.resize_with(level + 1, Vec::new);
                }
                gained[level].push(hash);
            }
        });
    }

    /// The hashes that tiles gained since the last call, each tile once.
    pub fn take_gained(&mut self) -> Vec<GainedHashes> {
        let mut tiles = Vec::new();
        for (level, hashes) in self.gained.iter_mut().enumerate() {
            if self.known.len() <= level {
                self.known.push(0);
            }
            let mut first = self.known[level];
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let room = (TILE_HASHES - first % TILE_HASHES) as usize;
                let (gained, after) = rest.split_at(room.min(rest.len()));
                let tile = TileId { level: level as u8, index: first / TILE_HASHES };
                tiles.push(GainedHashes { tile, width_before: first % TILE_HASHES, hashes: gained.to_vec() });
                first += gained.len() as u64;
                rest = after;
            }
            self.known[level] = first;
            hashes.clear();
        }
        tiles
    }
}
