//! The tables of the tree and of its checkpoints.

use std::collections::BTreeMap;

use domain::proof::{
    Checkpoint, CheckpointFault, Frontier, GainedHashes, Hash, MissingHash, TileId, edge_tiles,
};
use sqlx::{PgConnection, PgPool};

use super::keys::KnownKeys;

/// Why the tree cannot be continued.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("failed to read or write the proof: {0}")]
    Database(#[from] sqlx::Error),
    /// Another sealer has written since this one read. This one begins again.
    #[error("another sealer has gone on")]
    Overtaken,
    /// The newest checkpoint cannot be trusted. To sign another over it would prove what somebody has changed.
    #[error("the newest checkpoint cannot be trusted: {0}")]
    Checkpoint(#[from] CheckpointFault),
    /// The tiles are not those of the newest checkpoint.
    #[error("the stored tree is not the one of the newest checkpoint")]
    OtherTree,
    /// A hash is missing in the tiles.
    #[error("the stored tree is damaged: {0}")]
    Missing(#[from] MissingHash),
}

impl StoreError {
    /// Whether the proof was damaged or changed, so that a person has to look.
    pub(super) const fn is_damage(&self) -> bool {
        !matches!(self, Self::Database(_) | Self::Overtaken)
    }
}

/// Tiles by their place.
pub(super) type TileMap = BTreeMap<TileId, Vec<Hash>>;

/// The newest checkpoint as signed text; none before the first.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_note(pool: &PgPool) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select note from proof_checkpoints order by size desc limit 1")
        .fetch_optional(pool)
        .await
}

/// How many events the newest checkpoint is over; none before the first.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_size(pool: &PgPool) -> sqlx::Result<Option<u64>> {
    let size: Option<i64> =
        sqlx::query_scalar("select max(size) from proof_checkpoints").fetch_one(pool).await?;
    Ok(size.map(number))
}

/// The checkpoint over so many events as signed text, if there is one.
pub(super) async fn note_of(pool: &PgPool, size: u64) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select note from proof_checkpoints where size = $1")
        .bind(size as i64)
        .fetch_optional(pool)
        .await
}

/// The tiles at these places, as far as they exist.
pub(super) async fn tiles(pool: &PgPool, wanted: impl IntoIterator<Item = TileId>) -> sqlx::Result<TileMap> {
    let (levels, indexes): (Vec<i16>, Vec<i64>) =
        wanted.into_iter().map(|tile| (i16::from(tile.level), tile.index as i64)).unzip();
    let rows: Vec<(i16, i64, Vec<u8>)> = sqlx::query_as(
        "select t.level, t.tile, t.hashes
         from unnest($1::smallint[], $2::bigint[]) as wanted (level, tile)
         join proof_tiles t on t.level = wanted.level and t.tile = wanted.tile",
    )
    .bind(levels)
    .bind(indexes)
    .fetch_all(pool)
    .await?;
    let tile = |(level, index, hashes): (i16, i64, Vec<u8>)| {
        let tile = TileId { level: u8::try_from(level).unwrap_or(u8::MAX), index: number(index) };
        (tile, hashes_of(&hashes))
    };
    Ok(rows.into_iter().map(tile).collect())
}

/// The frontier of the tree at the newest checkpoint, which is verified first. An empty tree before the first.
pub(super) async fn resume(pool: &PgPool, known: &KnownKeys) -> Result<Frontier, StoreError> {
    let Some(note) = newest_note(pool).await? else { return Ok(Frontier::default()) };
    let checkpoint = known.open(&note)?;
    let edge = edge_tiles(checkpoint.size).map(|(tile, _)| tile);
    let frontier = Frontier::of(checkpoint.size, &tiles(pool, edge).await?)?;
    if frontier.root() != checkpoint.root {
        return Err(StoreError::OtherTree);
    }
    Ok(frontier)
}

/// What one transaction of the sealer writes.
pub(super) struct Sealed {
    /// How many events the tree had.
    pub(super) size_before: u64,
    pub(super) gained: Vec<GainedHashes>,
    pub(super) checkpoint: Checkpoint,
    pub(super) note: String,
}

/// Writes the tiles and the checkpoint, unless another sealer has gone on.
pub(super) async fn save(pool: &PgPool, sealed: &Sealed) -> Result<(), StoreError> {
    let mut tx = commands::begin(pool).await?;
    let size: Option<i64> =
        sqlx::query_scalar("select size from proof_checkpoints order by size desc limit 1 for update")
            .fetch_optional(&mut *tx)
            .await?;
    if size.map_or(0, number) != sealed.size_before {
        return Err(StoreError::Overtaken);
    }
    let (new, growing): (Vec<_>, Vec<_>) = sealed.gained.iter().partition(|tile| tile.width_before == 0);
    if grow(&mut tx, &growing).await? != growing.len() as u64 {
        return Err(StoreError::Overtaken);
    }
    insert(&mut tx, &new).await?;
    sqlx::query("insert into proof_checkpoints (size, root, note) values ($1, $2, $3)")
        .bind(sealed.checkpoint.size as i64)
        .bind(sealed.checkpoint.root.as_bytes())
        .bind(&sealed.note)
        .execute(&mut *tx)
        .await?;
    fail::fail_point!("seal::before_commit", |_| std::process::abort());
    tx.commit().await?;
    fail::fail_point!("seal::committed", |_| std::process::abort());
    Ok(())
}

/// Adds hashes to tiles that have as many as expected; returns to how many.
async fn grow(connection: &mut PgConnection, tiles: &[&GainedHashes]) -> sqlx::Result<u64> {
    let before = tiles.iter().map(|tile| (tile.width_before as usize * Hash::BYTES) as i32);
    let (levels, indexes, hashes) = columns(tiles);
    let grown = sqlx::query(
        "update proof_tiles t set hashes = t.hashes || gained.hashes
         from unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::int[]) as gained (level, tile, hashes, before)
         where t.level = gained.level and t.tile = gained.tile and octet_length(t.hashes) = gained.before",
    )
    .bind(levels)
    .bind(indexes)
    .bind(hashes)
    .bind(before.collect::<Vec<i32>>())
    .execute(connection)
    .await?;
    Ok(grown.rows_affected())
}

async fn insert(connection: &mut PgConnection, tiles: &[&GainedHashes]) -> sqlx::Result<()> {
    let (levels, indexes, hashes) = columns(tiles);
    sqlx::query(
        "insert into proof_tiles (level, tile, hashes)
         select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])",
    )
    .bind(levels)
    .bind(indexes)
    .bind(hashes)
    .execute(connection)
    .await?;
    Ok(())
}

fn columns(tiles: &[&GainedHashes]) -> (Vec<i16>, Vec<i64>, Vec<Vec<u8>>) {
    let levels = tiles.iter().map(|gained| i16::from(gained.tile.level)).collect();
    let indexes = tiles.iter().map(|gained| gained.tile.index as i64).collect();
    let bytes = |gained: &&GainedHashes| gained.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
    (levels, indexes, tiles.iter().map(bytes).collect())
}

fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<{ Hash::BYTES }>().0.iter().map(|hash| Hash::new(*hash)).collect()
}

/// Sizes and places are never negative. A negative one was not written by this program, and matches nothing.
pub(super) fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
