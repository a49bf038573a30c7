//! The audit of the whole log: every event, tile, root and signature, in flat memory. It needs the database and public
//! keys, and none of the keys of personal data.

use std::num::NonZero;
use std::thread::available_parallelism;

use commands::log::stored_events;
use domain::Position;
use domain::proof::{CheckedRange, Checkpoint, CheckpointFault, Fault, Hash, LogCheck, TILE_HASHES, TileId};
use futures::{StreamExt, TryStreamExt, pin_mut, stream};
use sqlx::PgPool;
use tokio_util::task::AbortOnDropHandle;

use super::keys::KnownKeys;
use super::store::{self, TileMap, number};

/// How many events one range holds.
const RANGE_EVENTS: u64 = 64 * TILE_HASHES;
/// How many ranges are read at once at most: two connections each.
const RANGES_MAX: usize = 8;
/// How many levels of tiles any log has.
const LEVELS: u8 = 8;

/// Why a log does not pass.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The first fault.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The database does not answer.
    #[error("failed to read the log: {0}")]
    Database(#[from] sqlx::Error),
}

/// What passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// How many events are sealed by a checkpoint.
    pub sealed: u64,
    /// How many newer events are not sealed yet. Nothing but their positions is checked.
    pub unsealed: u64,
    /// How many checkpoints were verified, those from outside included.
    pub checkpoints: u64,
    /// The root over the sealed events.
    pub root: Hash,
}

/// A checkpoint by its size, or why it cannot be trusted.
type Claimed = (u64, Result<Checkpoint, CheckpointFault>);

/// Checks the whole log against its tree, all its checkpoints, and checkpoints that somebody kept outside. `progress` is
/// told how many events are checked.
///
/// # Errors
/// The first fault, or a database that does not answer.
pub async fn audit(
    pool: &PgPool,
    known: &KnownKeys,
    outside: &[Checkpoint],
    progress: impl Fn(u64),
) -> Result<Audited, AuditError> {
    let tree = StoredTree::read(pool).await?;
    no_event_before_the_first(pool).await?;
    let end = outside.iter().map(|checkpoint| checkpoint.size).chain([tree.size]).max().unwrap_or_default();
    let (mut check, mut checkpoints) = (LogCheck::default(), 0);
    let starts = (0..end).step_by(RANGE_EVENTS as usize);
    let ranges = starts.map(|after| {
        let end = end.min(after + RANGE_EVENTS);
        let outside = outside.iter().filter(|checkpoint| (after + 1..=end).contains(&checkpoint.size));
        let outside = outside.map(|checkpoint| (checkpoint.size, Ok(checkpoint.clone()))).collect();
        read_aside(pool.clone(), known.clone(), (after, end), outside)
    });
    let workers = available_parallelism().map_or(1, NonZero::get).min(RANGES_MAX);
    let ranges = stream::iter(ranges).buffered(workers);
    pin_mut!(ranges);
    while let Some(range) = ranges.try_next().await? {
        check.add(range.events, &range.tiles, &range.checkpoints)?;
        checkpoints += range.checkpoints.len() as u64;
        progress(check.size());
    }
    check.end()?;
    tree.has_nothing_else()?;
    let unsealed = dense_after(pool, end).await?;
    Ok(Audited { sealed: end, unsealed, checkpoints, root: check.root() })
}

/// What is stored of a range of positions.
struct StoredRange {
    events: CheckedRange,
    tiles: TileMap,
    checkpoints: Vec<Claimed>,
}

/// Reads a range on a task of its own, so that several are hashed at once.
async fn read_aside(
    pool: PgPool,
    known: KnownKeys,
    positions: (u64, u64),
    outside: Vec<Claimed>,
) -> sqlx::Result<StoredRange> {
    let reading = tokio::spawn(async move { read(&pool, &known, positions, outside).await });
    AbortOnDropHandle::new(reading).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

async fn read(
    pool: &PgPool,
    known: &KnownKeys,
    (after, end): (u64, u64),
    outside: Vec<Claimed>,
) -> sqlx::Result<StoredRange> {
    let mut events = CheckedRange::new(after, end);
    let pages = stored_events(pool.clone(), after as Position, end as Position);
    pin_mut!(pages);
    while let Some(page) = pages.try_next().await? {
        page.iter().for_each(|event| events.add(&event.proof_row()));
    }
    let tiles = store::tiles(pool, tiles_of(after, end)).await?;
    let mut checkpoints = outside;
    checkpoints.extend(claimed(pool, known, after, end).await?);
    checkpoints.sort_by_key(|(size, _)| *size);
    Ok(StoredRange { events: events.ended(), tiles, checkpoints })
}

/// The tiles that the leaves after `after` up to `end` belong to, at every level.
fn tiles_of(after: u64, end: u64) -> impl Iterator<Item = TileId> {
    let level_of = move |level: u8| {
        let leaves = TILE_HASHES.pow(u32::from(level) + 1);
        let tiles = after / leaves..=(end - 1) / leaves;
        tiles.map(move |index| TileId { level, index })
    };
    (0..LEVELS - 1).flat_map(level_of)
}

/// The checkpoints of a range, verified.
async fn claimed(pool: &PgPool, known: &KnownKeys, after: u64, end: u64) -> sqlx::Result<Vec<Claimed>> {
    let rows: Vec<(i64, Vec<u8>, String)> = sqlx::query_as(
        "select size, root, note from proof_checkpoints where size > $1 and size <= $2 order by size",
    )
    .bind(after as i64)
    .bind(end as i64)
    .fetch_all(pool)
    .await?;
    let opened = |(size, root, note): (i64, Vec<u8>, String)| {
        let size = number(size);
        let agrees = |checkpoint: &Checkpoint| {
            checkpoint.size == size && checkpoint.root.as_bytes().as_slice() == root.as_slice()
        };
        let checkpoint = known.open(&note).and_then(|checkpoint| {
            if agrees(&checkpoint) { Ok(checkpoint) } else { Err(CheckpointFault::OtherRow) }
        });
        (size, checkpoint)
    };
    Ok(rows.into_iter().map(opened).collect())
}

/// The size of the newest checkpoint, and how many hashes the tree has at each level, at one moment.
struct StoredTree {
    size: u64,
    hashes: Vec<u64>,
}

impl StoredTree {
    async fn read(pool: &PgPool) -> sqlx::Result<Self> {
        let levels: Vec<i64> = (0..i64::from(LEVELS)).collect();
        let (size, hashes): (i64, Vec<i64>) = sqlx::query_as(
            "select (select coalesce(max(size), 0) from proof_checkpoints),
                    array(select coalesce(sum(octet_length(t.hashes) / 32), 0)::bigint
                          from unnest($1::bigint[]) as wanted (level)
                          left join proof_tiles t on t.level = wanted.level
                          group by wanted.level order by wanted.level)",
        )
        .bind(levels)
        .fetch_one(pool)
        .await?;
        Ok(Self { size: number(size), hashes: hashes.into_iter().map(number).collect() })
    }

    /// Beyond the tiles that were compared there are no others.
    fn has_nothing_else(&self) -> Result<(), Fault> {
        for (level, hashes) in (0..LEVELS).zip(&self.hashes) {
            let expected = self.size.checked_shr(8 * u32::from(level)).unwrap_or_default();
            if *hashes != expected {
                return Err(Fault::TreeSize { level, hashes: *hashes, expected });
            }
        }
        Ok(())
    }
}

async fn no_event_before_the_first(pool: &PgPool) -> Result<(), AuditError> {
    let position: Option<Position> =
        sqlx::query_scalar("select min(position) from events where position < 1").fetch_one(pool).await?;
    Ok(position.map_or(Ok(()), |position| Err(Fault::Unexpected(position)))?)
}

/// How many events follow; their positions must be dense too.
async fn dense_after(pool: &PgPool, end: u64) -> Result<u64, AuditError> {
    let other: Option<(Position, Position)> = sqlx::query_as(
        "select position, before
         from (
           select position, lag(position, 1, $1) over (order by position) as before
           from events where position > $1
         ) newer
         where position <> before + 1 order by position limit 1",
    )
    .bind(end as i64)
    .fetch_optional(pool)
    .await?;
    match other {
        Some((position, before)) if position > before => Err(Fault::Missing(before + 1).into()),
        Some((position, _)) => Err(Fault::Unexpected(position).into()),
        None => {
            let count = sqlx::query_scalar("select count(*) from events where position > $1");
            Ok(number(count.bind(end as i64).fetch_one(pool).await?))
        }
    }
}
