//! What is wrong with a log, its tree or its checkpoints, and at which position.

use super::tiles::TileId;
use crate::Position;

/// The first fault of a log. Nothing before its position is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A sealed event is not there.
    #[error("position {0}: the event is missing")]
    Missing(Position),
    /// There is an event where none can be: before the first position, or at one that is taken.
    #[error("position {0}: there is an event too many")]
    Unexpected(Position),
    /// The event is not the one that was sealed there.
    #[error("position {0}: the event is not the one that was sealed")]
    Changed(Position),
    /// The events are those of the checkpoints, but a tile of the tree is not theirs.
    #[error(
        "position {position}: tile {} of level {} of the tree is wrong; the events are right",
        tile.index, tile.level
    )]
    Tile {
        /// The first event with a wrong hash in the tile, or the last that the tile covers.
        position: Position,
        /// The tile.
        tile: TileId,
    },
    /// A signed checkpoint has another root than the events and the tiles, which agree: both were changed together.
    #[error(
        "positions {first} to {size}: these are not the events that the checkpoint of {size} events was signed over"
    )]
    Root {
        /// After the last checkpoint that is right.
        first: Position,
        /// The size of the checkpoint.
        size: u64,
    },
    /// A checkpoint cannot be trusted.
    #[error("checkpoint of {size} events: {fault}")]
    Checkpoint {
        /// Its size.
        size: u64,
        /// Why.
        fault: CheckpointFault,
    },
    /// The tree has another number of hashes than its newest checkpoint.
    #[error("the tree has {hashes} hashes at level {level}, and its newest checkpoint {expected}")]
    TreeSize {
        /// The level of the tiles.
        level: u8,
        /// How many there are.
        hashes: u64,
        /// How many there have to be.
        expected: u64,
    },
}

/// Why a checkpoint cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// Its text cannot be read.
    #[error("its text cannot be read")]
    Unreadable,
    /// Its row says something else than its text.
    #[error("its row says something else than its text")]
    OtherRow,
    /// It is about a log of another name.
    #[error("it is about a log of another name")]
    OtherLog,
    /// None of the known keys has signed it.
    #[error("none of the known keys has signed it")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    WrongSignature,
}
