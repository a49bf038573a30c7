//! Applies batches of events to the tables of one projection: rows and checkpoint change in one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use commands::log::Recorded;
use commands::{GuardedConnection, begin};
use domain::Position;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use super::failure::{BatchError, Fault, fault, without_values};
use super::parking::{PARKED_AGGREGATES_MAX, Parked, Parking};
use super::schema::{self, Checkpoint};
use crate::projection::Projection;
use crate::projector::{Projector, Tables};

/// How long the checkpoint may lag behind skipped events.
pub(crate) const LAG_MAX: Duration = Duration::from_millis(50);

/// The tables that batches are applied to: the live ones, or those that a rebuild fills.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) projector: Arc<dyn Projector>,
    pub(crate) schema: String,
    /// Whether these are the live tables: then a swap waits for each batch, and each batch for a swap.
    pub(crate) live: bool,
}

/// Applies batches to one target, one after another.
pub(crate) struct Batches {
    pool: PgPool,
    target: Target,
    checkpoint: Checkpoint,
    parking: Parking,
    /// The position up to which the log was read. Between the checkpoint and it are only skipped events.
    passed: Position,
    /// Since when the checkpoint lags behind it.
    lags_since: Option<Instant>,
}

/// The advisory lock between a projection's batches (shared) and its swap (exclusive).
pub(crate) fn swap_key(projection: Projection) -> i64 {
    let hash = Sha256::new().chain_update("mensajeria swap ").chain_update(projection.name()).finalize();
    let first = hash.first_chunk().copied().expect("SHA-256 has more than eight bytes");
    i64::from_be_bytes(first)
}

impl Batches {
    /// Continues at the target's checkpoint; none if its schema does not exist.
    pub(crate) async fn open(pool: PgPool, target: Target) -> sqlx::Result<Option<Self>> {
        let mut tx = begin(&pool).await?;
        enter(&mut tx, &target).await?;
        let Some(checkpoint) = schema::checkpoint(&mut tx, &target.schema).await? else { return Ok(None) };
        let parking = Parking::load(&mut tx).await?;
        tx.commit().await?;
        let passed = checkpoint.position;
        Ok(Some(Self { pool, target, checkpoint, parking, passed, lags_since: None }))
    }

    /// The last projected position. The checkpoint may lag behind it by skipped events.
    pub(crate) const fn position(&self) -> Position {
        self.passed
    }

    /// The checkpoint of the target, with the build of its tables.
    pub(crate) const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether the checkpoint lags behind skipped events.
    pub(crate) const fn lags(&self) -> bool {
        self.checkpoint.position < self.passed
    }

    /// Projects the events up to a position. They may overlap those projected before. An event that cannot be applied
    /// parks its aggregate. After any other failure the tables are as after the last successful batch. Skipped events
    /// move the checkpoint only in [`Batches::catch_up`].
    pub(crate) async fn project(&mut self, events: &[&Recorded], up_to: Position) -> Result<(), BatchError> {
        let known = events.partition_point(|event| event.position <= self.passed);
        let events = &events[known..];
        if events.iter().any(|event| self.target.projector.takes(&event.aggregate_type)) {
            self.commit_all(events, up_to).await?;
        }
        self.pass(up_to);
        if self.lags_since.is_some_and(|since| since.elapsed() >= LAG_MAX) {
            self.catch_up().await
        } else {
            Ok(())
        }
    }

    fn pass(&mut self, up_to: Position) {
        self.passed = up_to.max(self.passed);
        self.lags_since = if self.lags() { self.lags_since.or_else(|| Some(Instant::now())) } else { None };
    }

    /// Moves the checkpoint over the skipped events, so that other processes see the progress and a crash does not read
    /// them again.
    pub(crate) async fn catch_up(&mut self) -> Result<(), BatchError> {
        if self.lags() { self.commit(&[], self.passed, None).await } else { Ok(()) }
    }

    async fn commit_all(&mut self, events: &[&Recorded], up_to: Position) -> Result<(), BatchError> {
        let mut waiting = vec![(events, up_to)];
        while let Some((events, up_to)) = waiting.pop() {
            match self.commit(events, up_to, None).await {
                Err(BatchError::Database(error)) if fault(&error) == Fault::Event => {
                    self.isolate(events, up_to, &error, &mut waiting).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// Halves a batch that contains a bad event, and parks the event once it is alone.
    async fn isolate<'a>(
        &mut self,
        events: &'a [&'a Recorded],
        up_to: Position,
        error: &sqlx::Error,
        waiting: &mut Vec<(&'a [&'a Recorded], Position)>,
    ) -> Result<(), BatchError> {
        let (first, second) = events.split_at(events.len() / 2);
        match (first.last(), second) {
            (Some(last), _) => waiting.extend([(second, up_to), (first, last.position)]),
            (None, [culprit]) => {
                return self.commit(events, up_to, Some((culprit.position, &without_values(error)))).await;
            }
            // Not caused by an event after all.
            (None, _) => return Err(BatchError::Database(sqlx::Error::Protocol(without_values(error)))),
        }
        Ok(())
    }

    /// One transaction. A crash before its commit leaves nothing, one after it everything; a connection on which it did
    /// not end is closed, because of sqlx's `COPY` (see [`GuardedConnection`]).
    async fn commit(
        &mut self,
        events: &[&Recorded],
        up_to: Position,
        culprit: Option<(Position, &str)>,
    ) -> Result<(), BatchError> {
        let mut connection = GuardedConnection::acquire(&self.pool).await?;
        let mut tx = connection.begin().await?;
        enter(&mut tx, &self.target).await?;
        self.move_checkpoint(&mut tx, up_to).await?;
        let parked = self.apply_in(&mut tx, events, culprit).await?;
        fail::fail_point!("project::before_commit", |_| std::process::abort());
        tx.commit().await?;
        connection.give_back();
        fail::fail_point!("project::committed", |_| std::process::abort());
        self.checkpoint.position = up_to;
        self.pass(up_to);
        self.parking.remember(&*self.target.projector, &parked);
        if self.target.live {
            self.target.projector.alarm(events);
        }
        Ok(())
    }

    async fn apply_in<'a>(
        &self,
        tx: &mut PgConnection,
        events: &[&'a Recorded],
        culprit: Option<(Position, &str)>,
    ) -> Result<Vec<Parked<'a>>, BatchError> {
        let sorted = self.parking.sort(&*self.target.projector, events.iter().copied(), culprit);
        if sorted.fresh > 0 && self.parking.len() + sorted.fresh > PARKED_AGGREGATES_MAX {
            return Err(BatchError::TooManyParked);
        }
        Parking::write(tx, &sorted.parked).await?;
        if !sorted.flowing.is_empty() {
            let tables = if self.target.live { Tables::Live } else { Tables::Beside };
            self.target.projector.apply(tx, &sorted.flowing, tables).await?;
        }
        Ok(sorted.parked)
    }

    /// The fence: a projector that lost its lock or missed a swap finds another checkpoint and stops here.
    async fn move_checkpoint(&self, tx: &mut PgConnection, to: Position) -> Result<(), BatchError> {
        let moved = sqlx::query(
            "update checkpoint set position = $3, failure = null where position = $1 and build = $2",
        )
        .bind(self.checkpoint.position)
        .bind(self.checkpoint.build)
        .bind(to)
        .execute(tx)
        .await?
        .rows_affected();
        if moved == 1 { Ok(()) } else { Err(BatchError::Fenced) }
    }
}

/// The swap lock comes first, so that no statement of the batch can have resolved a table that is then renamed. A crash
/// loses rows and checkpoint together, and both can be projected again, so the commit need not wait for the disk.
/// Generic plans are forced: planning `= any` for each call costs ten times as much as running it.
pub(crate) async fn enter(tx: &mut PgConnection, target: &Target) -> sqlx::Result<()> {
    const FILLING: &str =
        "select set_config('search_path', $1, true), set_config('synchronous_commit', 'off', true),
                set_config('plan_cache_mode', 'force_generic_plan', true)";
    const LIVE: &str = "select pg_advisory_xact_lock_shared($2),
                               set_config('search_path', $1, true), set_config('synchronous_commit', 'off', true),
                               set_config('plan_cache_mode', 'force_generic_plan', true)";
    let enter = sqlx::query(if target.live { LIVE } else { FILLING }).bind(&target.schema);
    let enter = if target.live { enter.bind(swap_key(target.projector.projection())) } else { enter };
    enter.execute(tx).await?;
    Ok(())
}
