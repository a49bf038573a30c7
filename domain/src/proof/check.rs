//! The check of a whole log against its tree and its checkpoints, range by range in flat memory.

use super::fault::{CheckpointFault, Fault};
use super::hash::Hash;
use super::leaf::{EventRow, event_leaf};
use super::note::Checkpoint;
use super::tiles::{GainedHashes, GrowingTiles, TileId, Tiles};
use crate::Position;

/// The hashes of the events of a range, computed again, as far as the positions are dense.
#[derive(Debug)]
pub struct CheckedRange {
    end: u64,
    leaves: Vec<Hash>,
    next: u64,
    fault: Option<Fault>,
}

impl CheckedRange {
    /// The range of positions after `after` up to `end`.
    pub fn new(after: u64, end: u64) -> Self {
        Self { end, leaves: Vec::new(), next: after + 1, fault: None }
    }

    /// Adds the next row in the order of positions. Rows after a fault are ignored.
    pub fn add(&mut self, row: &EventRow<'_>) {
        if self.fault.is_some() {
            return;
        }
        match u64::try_from(row.position) {
            Ok(position) if position == self.next => {
                self.leaves.push(event_leaf(row));
                self.next += 1;
            }
            Ok(position) if position > self.next => self.fault = Some(Fault::Missing(position_of(self.next))),
            _ => self.fault = Some(Fault::Unexpected(row.position)),
        }
    }

    /// Ends the range: rows that did not come are missing.
    #[must_use]
    pub fn ended(mut self) -> Self {
        if self.next <= self.end && self.fault.is_none() {
            self.fault = Some(Fault::Missing(position_of(self.next)));
        }
        self
    }
}

/// A check under way. Ranges are added in order.
#[derive(Debug, Default)]
pub struct LogCheck {
    tree: GrowingTiles,
    /// The size of the last checkpoint that is right.
    proven: u64,
    /// The first leaf that is not the one of its tile. The next checkpoint tells which of the two is wrong.
    suspect: Option<(u64, TileId)>,
}

/// A checkpoint by its size, read and verified, or why it cannot be trusted.
type Claimed = (u64, Result<Checkpoint, CheckpointFault>);

impl LogCheck {
    /// How many events are checked.
    pub const fn size(&self) -> u64 {
        self.tree.frontier().size()
    }

    /// The root over the checked events.
    pub fn root(&self) -> Hash {
        self.tree.frontier().root()
    }

    /// Adds a range with the stored tiles that its leaves belong to, and the checkpoints of sizes within it, smallest
    /// first.
    ///
    /// # Errors
    /// The first fault.
    pub fn add(
        &mut self,
        range: CheckedRange,
        tiles: &impl Tiles,
        checkpoints: &[Claimed],
    ) -> Result<(), Fault> {
        let mut leaves = range.leaves.into_iter();
        let mut roots = Vec::new();
        for claimed in checkpoints {
            let count = claimed.0.saturating_sub(self.size()) as usize;
            leaves.by_ref().take(count).for_each(|leaf| self.tree.push(leaf));
            if self.size() == claimed.0 {
                roots.push((claimed, self.root()));
            }
        }
        leaves.for_each(|leaf| self.tree.push(leaf));
        let gained = self.tree.take_gained();
        self.suspect = self.suspect.or_else(|| first_other_leaf(&gained, tiles));
        for ((size, checkpoint), root) in roots {
            self.compare(*size, checkpoint, root)?;
        }
        if let Some(fault) = range.fault {
            return Err(self.suspected().unwrap_or(fault));
        }
        match first_other_node(&gained, tiles) {
            Some(tile) if self.suspect.is_none() => {
                Err(Fault::Tile { position: position_of(self.size()), tile })
            }
            _ => Ok(()),
        }
    }

    /// Ends the check.
    ///
    /// # Errors
    /// An event that no checkpoint vouches for and that is not the one of the tree.
    pub fn end(&self) -> Result<(), Fault> {
        self.suspected().map_or(Ok(()), Err)
    }

    fn suspected(&self) -> Option<Fault> {
        self.suspect.map(|(leaf, _)| Fault::Changed(position_of(leaf + 1)))
    }

    fn compare(
        &mut self,
        size: u64,
        checkpoint: &Result<Checkpoint, CheckpointFault>,
        root: Hash,
    ) -> Result<(), Fault> {
        let is_right = checkpoint.as_ref().map(|checkpoint| checkpoint.root == root);
        match (self.suspect, is_right) {
            (Some((leaf, tile)), Ok(true)) if leaf < size => {
                Err(Fault::Tile { position: position_of(leaf + 1), tile })
            }
            (Some((leaf, _)), Ok(false)) if leaf < size => Err(Fault::Changed(position_of(leaf + 1))),
            // A checkpoint that cannot be trusted tells nothing of an event before it.
            (Some((leaf, _)), Err(_)) if leaf < size => Ok(()),
            (_, Err(fault)) => Err(Fault::Checkpoint { size, fault: *fault }),
            (_, Ok(false)) => Err(Fault::Root { first: position_of(self.proven + 1), size }),
            (_, Ok(true)) => {
                self.proven = size;
                Ok(())
            }
        }
    }
}

/// The first leaf whose hash is not in its tile.
fn first_other_leaf(gained: &[GainedHashes], tiles: &impl Tiles) -> Option<(u64, TileId)> {
    let mut leaves = gained.iter().filter(|gained| gained.tile.level == 0);
    leaves.find_map(|gained| {
        let place = first_difference(gained, tiles)?;
        Some((gained.tile.index * super::TILE_HASHES + place, gained.tile))
    })
}

/// The first tile above the leaves that differs.
fn first_other_node(gained: &[GainedHashes], tiles: &impl Tiles) -> Option<TileId> {
    let mut nodes = gained.iter().filter(|gained| gained.tile.level > 0);
    nodes.find(|gained| first_difference(gained, tiles).is_some()).map(|gained| gained.tile)
}

fn first_difference(gained: &GainedHashes, tiles: &impl Tiles) -> Option<u64> {
    let stored = tiles.hashes(gained.tile).unwrap_or_default();
    let stored = stored.get(gained.width_before as usize..).unwrap_or_default();
    let mut expected = gained.hashes.iter().enumerate();
    let other = expected.find(|(place, hash)| stored.get(*place) != Some(hash))?;
    Some(gained.width_before + other.0 as u64)
}

/// The position of the event with this number, from 1.
fn position_of(number: u64) -> Position {
    Position::try_from(number).unwrap_or(Position::MAX)
}
