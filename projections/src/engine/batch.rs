//! A batch of events into the tables of one projection: rows and checkpoint in one transaction, or neither.

use std::sync::Arc;

use commands::log::Recorded;
use domain::Position;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use super::failure::{BatchError, Fault, fault, nameless};
use super::parking::{PARKED_AGGREGATES_MAX, Parked, Parking};
use super::schema::{self, Checkpoint};
use crate::projection::Projection;
use crate::projector::Projector;

/// Where batches go: the tables that serve, or those that a rebuild fills.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) projector: Arc<dyn Projector>,
    pub(crate) schema: String,
    /// Whether readers see it: then a swap waits for each batch, and each batch for a swap.
    pub(crate) live: bool,
}

/// The batches of one target, one after another.
pub(crate) struct Batches {
    pool: PgPool,
    target: Target,
    checkpoint: Checkpoint,
    parking: Parking,
}

/// The advisory lock between a projection's batches (shared) and its swap (exclusive).
pub(crate) fn swap_key(projection: Projection) -> i64 {
    let hash = Sha256::new().chain_update("mensajeria swap ").chain_update(projection.name()).finalize();
    let first = hash.first_chunk().copied().expect("SHA-256 has more than eight bytes");
    i64::from_be_bytes(first)
}

impl Batches {
    /// Goes on where the target's checkpoint stands; none if its schema is not there.
    pub(crate) async fn open(pool: PgPool, target: Target) -> sqlx::Result<Option<Self>> {
        let mut tx = pool.begin().await?;
        enter(&mut tx, &target).await?;
        let Some(checkpoint) = schema::checkpoint(&mut tx, &target.schema).await? else { return Ok(None) };
        let parking = Parking::load(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(Self { pool, target, checkpoint, parking }))
    }

    /// The last position that is projected.
    pub(crate) const fn position(&self) -> Position {
        self.checkpoint.position
    }

    /// Where the target stands, and which tables it is.
    pub(crate) const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Projects events that follow the checkpoint, or overlap it: the overlap is dropped. What one event does wrong
    /// parks its aggregate; on any other failure the checkpoint stands after what is projected.
    pub(crate) async fn project(&mut self, events: &[Recorded]) -> Result<(), BatchError> {
        let known = events.partition_point(|event| event.position <= self.position());
        let mut waiting = vec![&events[known..]];
        while let Some(events) = waiting.pop() {
            match self.commit(events, None).await {
                Err(BatchError::Database(error)) if fault(&error) == Fault::Event => {
                    self.isolate(events, &error, &mut waiting).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// Halves a batch that has a bad event in it, or parks that event once it is alone.
    async fn isolate<'a>(
        &mut self,
        events: &'a [Recorded],
        error: &sqlx::Error,
        waiting: &mut Vec<&'a [Recorded]>,
    ) -> Result<(), BatchError> {
        if let [culprit] = events {
            let reason = nameless(error);
            return self.commit(events, Some((culprit.position, &reason))).await;
        }
        let (first, second) = events.split_at(events.len() / 2);
        waiting.extend([second, first]);
        Ok(())
    }

    /// One transaction. A crash before its commit leaves nothing, one after it everything.
    async fn commit(&mut self, events: &[Recorded], culprit: Option<(Position, &str)>) -> Result<(), BatchError> {
        let Some(last) = events.last() else { return Ok(()) };
        let mut tx = self.pool.begin().await?;
        enter(&mut tx, &self.target).await?;
        let parked = self.apply_in(&mut tx, events, culprit).await?;
        fail::fail_point!("project::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("project::committed", |_| std::process::abort());
        self.checkpoint.position = last.position;
        self.parking.remember(&*self.target.projector, &parked);
        Ok(())
    }

    /// Rows and checkpoint in a transaction that somebody else commits, already in the target's schema.
    async fn apply_in<'a>(
        &self,
        tx: &mut PgConnection,
        events: &'a [Recorded],
        culprit: Option<(Position, &str)>,
    ) -> Result<Vec<Parked<'a>>, BatchError> {
        let Some(last) = events.last() else { return Ok(Vec::new()) };
        self.move_checkpoint(tx, last.position).await?;
        let sorted = self.parking.sort(&*self.target.projector, events, culprit);
        if sorted.fresh > 0 && self.parking.len() + sorted.fresh > PARKED_AGGREGATES_MAX {
            return Err(BatchError::TooManyParked);
        }
        Parking::write(tx, &sorted.parked).await?;
        if !sorted.flowing.is_empty() {
            self.target.projector.apply(tx, &sorted.flowing).await?;
        }
        Ok(sorted.parked)
    }

    /// The fence: whoever lost the lead or missed a swap finds another checkpoint and stops here.
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

/// The swap lock comes first, so that no statement of the batch can have resolved a table that is then renamed. Rows
/// and checkpoint are lost together or not at all, and can be made again: the commit need not wait for the disk.
pub(crate) async fn enter(tx: &mut PgConnection, target: &Target) -> sqlx::Result<()> {
    if target.live {
        sqlx::query("select pg_advisory_xact_lock_shared($1)")
            .bind(swap_key(target.projector.projection()))
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query("select set_config('search_path', $1, true), set_config('synchronous_commit', 'off', true)")
        .bind(&target.schema)
        .execute(tx)
        .await?;
    Ok(())
}
