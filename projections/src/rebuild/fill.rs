//! Fills tables beside those that serve, from the start of the log to its head: one task reads, one writes.

use std::time::{Duration, Instant};

use commands::log::{EventLog, FeedError, History};
use domain::Position;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::engine::schema::{self, Checkpoint};
use crate::engine::{BatchError, Batches, Target};

/// How many events one transaction of a fill has at least, unless the log ends.
const BATCH_EVENTS: usize = 3_000;
/// How many positions one batch covers at most, however few events of interest stand there.
const BATCH_POSITIONS_MAX: Position = 40_000;
/// How many batches are read ahead.
const BATCHES_AHEAD: usize = 2;
/// How near the log's head a fill has to be before it takes the place of what serves.
const NEAR_EVENTS: Position = 500;
/// How often the way to the head is gone before a busy log has to wait for the swap.
const ROUNDS_MAX: u32 = 20;
/// How often progress is written down at most.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Tables that are being filled.
pub(crate) struct Fill {
    log: EventLog,
    target: Target,
    batches: Batches,
    rebuild: Option<Uuid>,
    told_at: Option<Instant>,
}

impl Fill {
    /// Empty tables in the target's schema, whatever was there before.
    pub(crate) async fn begin(
        log: &EventLog,
        target: Target,
        rebuild: Option<Uuid>,
    ) -> Result<Self, BatchError> {
        schema::drop(log.pool(), &target.schema).await?;
        schema::create(log.pool(), &*target.projector, &target.schema, false).await?;
        let batches = open(log.pool(), &target).await?;
        Ok(Self { log: log.clone(), target, batches, rebuild, told_at: None })
    }

    pub(crate) const fn position(&self) -> Position {
        self.batches.position()
    }

    /// Where the filled tables stand, and which tables they are.
    pub(crate) const fn checkpoint(&self) -> &Checkpoint {
        self.batches.checkpoint()
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// Fills up to the log's head, makes the indexes, and follows the log until it is near again.
    pub(crate) async fn reach_the_head(&mut self) -> Result<(), BatchError> {
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
        let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
        let types = self.target.projector.types();
        let reading = read(self.log.clone(), types, self.position(), end, sender);
        let _reader = AbortOnDropHandle::new(tokio::spawn(reading));
        while self.position() < end {
            let History { events, up_to } =
                batches.recv().await.unwrap_or(Err(sqlx::Error::WorkerCrashed))?;
            self.batches.project(&events, up_to).await?;
            self.tell(end).await?;
        }
        self.batches.keep_up().await
    }

    async fn tell(&mut self, end: Position) -> sqlx::Result<()> {
        let Some(rebuild) = self.rebuild else { return Ok(()) };
        if self.told_at.is_some_and(|told_at| told_at.elapsed() < PROGRESS_INTERVAL) && self.position() < end
        {
            return Ok(());
        }
        self.told_at = Some(Instant::now());
        sqlx::query("update projection_rebuilds set position = $2, target = $3 where rebuild_id = $1")
            .bind(rebuild)
            .bind(self.position())
            .bind(end)
            .execute(self.log.pool())
            .await?;
        Ok(())
    }
}

async fn open(pool: &PgPool, target: &Target) -> sqlx::Result<Batches> {
    Batches::open(pool.clone(), target.clone()).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Reads from PostgreSQL, which has the whole history, in pages bounded in events and bytes.
async fn read(
    log: EventLog,
    types: Option<&'static [&'static str]>,
    after: Position,
    end: Position,
    batches: mpsc::Sender<sqlx::Result<History>>,
) {
    let mut at = after;
    while at < end {
        let batch = gather(&log, types, at, end).await;
        at = batch.as_ref().map_or(end, |batch| batch.up_to);
        if batches.send(batch).await.is_err() {
            return;
        }
    }
}

/// Pages are small where events are large, and where few are of interest.
async fn gather(
    log: &EventLog,
    types: Option<&'static [&'static str]>,
    after: Position,
    end: Position,
) -> sqlx::Result<History> {
    let mut batch = History { events: Vec::new(), up_to: after };
    while batch.events.len() < BATCH_EVENTS && batch.up_to < end && batch.up_to - after < BATCH_POSITIONS_MAX
    {
        let page = log.history(batch.up_to, end, types).await.map_err(|error| match error {
            FeedError::Database(error) => error,
            FeedError::Keys(error) => sqlx::Error::Protocol(error.to_string()),
        })?;
        batch.events.extend(page.events);
        batch.up_to = page.up_to;
    }
    Ok(batch)
}
