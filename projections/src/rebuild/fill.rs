//! Fills tables beside the live ones, from the start of the log to its head: one task reads, others write.

use std::time::{Duration, Instant};

use commands::log::{Reader, Recorded};
use domain::Position;
use sqlx::PgPool;
use uuid::Uuid;

use super::reading::{Reading, Share};
use crate::engine::schema::{self, Checkpoint};
use crate::engine::{BatchError, Batches, Target};
use crate::projector::Projector;

/// How near the log's head a fill must be before it replaces the live tables.
const NEAR_EVENTS: Position = 500;
/// How many times the fill follows a busy log to its head before the live projector has to wait for the swap.
const ROUNDS_MAX: u32 = 20;
/// How often progress is stored at most.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Commits do not wait for the disk: progress that a crash loses is stored again.
const TELL: &str = "update projection_rebuilds set position = $2, target = $3, facts = $4
                    where rebuild_id = $1 and set_config('synchronous_commit', 'off', true) is not null";

/// Tables that are being filled.
pub(crate) struct Fill {
    log: Reader,
    target: Target,
    batches: Batches,
    rebuild: Option<Uuid>,
    /// How many facts were filled in: an event about many people counts once for each of them.
    facts: usize,
    told_at: Option<Instant>,
}

impl Fill {
    /// Empty tables in the target's schema, whatever was there before.
    pub(crate) async fn begin(
        log: &Reader,
        target: Target,
        rebuild: Option<Uuid>,
    ) -> Result<Self, BatchError> {
        schema::drop(log.pool(), &target.schema).await?;
        schema::create(log.pool(), &*target.projector, &target.schema, false).await?;
        let batches = open(log.pool(), &target).await?;
        Ok(Self { log: log.clone(), target, batches, rebuild, facts: 0, told_at: None })
    }

    pub(crate) const fn position(&self) -> Position {
        self.batches.position()
    }

    /// The checkpoint of the filled tables, with their build.
    pub(crate) const fn checkpoint(&self) -> &Checkpoint {
        self.batches.checkpoint()
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// Fills up to the log's head, makes the indexes, and follows the log until it is near again.
    pub(super) async fn reach_the_head(&mut self) -> Result<(), BatchError> {
        self.up_to(self.log.head().await?).await?;
        schema::finish(self.log.pool(), &*self.target.projector, &self.target.schema).await?;
        for _ in 0..ROUNDS_MAX {
            let head = self.log.head().await?;
            if head - self.position() <= NEAR_EVENTS {
                break;
            }
            self.up_to(head).await?;
        }
        Ok(())
    }

    /// Fills up to a position, and no further.
    pub(crate) async fn up_to(&mut self, end: Position) -> Result<(), BatchError> {
        if self.position() < end {
            let types = self.target.projector.types();
            let mut reading = Reading::new(&self.log, self.position(), end);
            let share = reading.join(types);
            let _reader = reading.begin();
            self.take(share).await?;
        }
        self.batches.catch_up().await
    }

    /// Applies the batches of a reading, to its end.
    pub(super) async fn take(&mut self, mut share: Share) -> Result<(), BatchError> {
        while self.position() < share.end() {
            let batch = share.next().await?;
            let events: Vec<_> = batch.events.iter().collect();
            self.batches.project(&events, batch.up_to).await?;
            self.facts += facts(&*self.target.projector, &events);
            self.store_progress(share.end()).await?;
        }
        Ok(())
    }

    async fn store_progress(&mut self, end: Position) -> sqlx::Result<()> {
        let Some(rebuild) = self.rebuild else { return Ok(()) };
        if self.told_at.is_some_and(|told_at| told_at.elapsed() < PROGRESS_INTERVAL) && self.position() < end
        {
            return Ok(());
        }
        self.told_at = Some(Instant::now());
        sqlx::query(TELL)
            .bind(rebuild)
            .bind(self.position())
            .bind(end)
            .bind(self.facts as i64)
            .execute(self.log.pool())
            .await?;
        Ok(())
    }
}

/// The number of facts for a projection in some events.
fn facts(projector: &dyn Projector, events: &[&Recorded]) -> usize {
    let taken = events.iter().filter(|event| projector.takes(&event.aggregate_type));
    taken.map(|event| event.weight()).sum()
}

async fn open(pool: &PgPool, target: &Target) -> sqlx::Result<Batches> {
    Batches::open(pool.clone(), target.clone()).await?.ok_or(sqlx::Error::RowNotFound)
}
