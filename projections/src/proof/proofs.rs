//! Proofs out of the stored tree, of any size up to its newest checkpoint.

use std::collections::BTreeSet;

use domain::proof::{Frontier, MissingHash, Path, TILE_HASHES, TileId, Tiles, edge_tiles};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::store;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The database does not answer.
    #[error("failed to read the proof: {0}")]
    Database(#[from] sqlx::Error),
    /// A hash is missing in the tree.
    #[error("the stored tree is damaged: {0}")]
    Damaged(#[from] MissingHash),
}

/// The proof that an event is in the log. Hashes are in base64.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inclusion {
    /// The position of the event, from 1. Its leaf is the one of this number less one.
    pub position: u64,
    /// How many events the tree has.
    pub size: u64,
    /// The hash of the event's leaf (RFC 9162, section 2.1.1).
    pub leaf: String,
    /// The root of the tree.
    pub root: String,
    /// The hashes of the inclusion proof (RFC 9162, section 2.1.3), from the leaf upwards.
    pub proof: Vec<String>,
    /// The signed checkpoint of the tree; none if this size was never signed.
    pub checkpoint: Option<String>,
}

/// The proof that the log was only added to. Hashes are in base64.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consistency {
    /// How many events the earlier tree has.
    pub from: u64,
    /// How many events the later tree has.
    pub to: u64,
    /// The hashes of the consistency proof (RFC 9162, section 2.1.4).
    pub proof: Vec<String>,
}

/// The proof of the event at a position in the tree of `size` events; none unless `1 <= position <= size`. The tree must
/// be sealed as far.
///
/// # Errors
/// See [`ProofError`].
pub async fn inclusion(pool: &PgPool, position: u64, size: u64) -> Result<Option<Inclusion>, ProofError> {
    let Some(index) = position.checked_sub(1) else { return Ok(None) };
    let Some(path) = Path::of_inclusion(index, size) else { return Ok(None) };
    let leaf = TileId { level: 0, index: index / TILE_HASHES };
    let mut wanted: BTreeSet<TileId> = path.tiles();
    wanted.insert(leaf);
    wanted.extend(edge_tiles(size).map(|(tile, _)| tile));
    let tiles = store::tiles(pool, wanted).await?;
    let hash = tiles.hashes(leaf).and_then(|hashes| hashes.get((index % TILE_HASHES) as usize));
    Ok(Some(Inclusion {
        position,
        size,
        leaf: hash.ok_or(MissingHash(leaf))?.to_string(),
        root: Frontier::of(size, &tiles)?.root().to_string(),
        proof: path.hashes(&tiles)?.iter().map(ToString::to_string).collect(),
        checkpoint: store::note_of(pool, size).await?,
    }))
}

/// The proof that the tree of `to` events begins with that of `from`; none unless `1 <= from <= to`. The tree must be
/// sealed as far.
///
/// # Errors
/// See [`ProofError`].
pub async fn consistency(pool: &PgPool, from: u64, to: u64) -> Result<Option<Consistency>, ProofError> {
    let Some(path) = Path::of_consistency(from, to) else { return Ok(None) };
    let tiles = store::tiles(pool, path.tiles()).await?;
    let proof = path.hashes(&tiles)?.iter().map(ToString::to_string).collect();
    Ok(Some(Consistency { from, to, proof }))
}
