//! Runs one projection for ever: one process leads it, and it starts again after any failure.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use commands::leader::Leadership;
use commands::log::{FeedError, Reader, Recorded};
use domain::Position;
use tokio::pin;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::batch::{Batches, LAG_MAX, Target};
use super::failure::{BatchError, Fault, fault, without_values};
use super::schema;
use super::source::Source;
use super::turns::Batch;
use crate::positions::{Lead, Positions};
use crate::projection::Projection;
use crate::projector::Projector;
use crate::rebuild::{self, Progress};

/// The first pause after a failure; each further one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long a projector waits for events before it publishes its position.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// How often a projector checks whether the rebuild it needs is done.
const REBUILD_LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How often it checks for a new order after a rebuild was given up.
const ORDER_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A longer log is not followed from its start but filled by a rebuild, which is quicker.
const FOLLOWED_FROM_THE_START_MAX: Position = 10_000;

/// Runs one projection.
pub(crate) struct Runner {
    pub(crate) log: Reader,
    pub(crate) source: Arc<Source>,
    pub(crate) projector: Arc<dyn Projector>,
    pub(crate) positions: Positions,
    pub(crate) cancel: CancellationToken,
}

/// The live tables, while this process leads the projection.
struct Live {
    batches: Batches,
    lead: Lead,
}

/// Whether empty tables are so far behind that a rebuild fills them.
pub(crate) const fn is_new(position: Position, head: Position) -> bool {
    position == 0 && head > FOLLOWED_FROM_THE_START_MAX
}

impl Runner {
    /// Runs until cancelled.
    pub(crate) async fn run(self) {
        let cancel = self.cancel.clone();
        cancel.run_until_cancelled(self.lead_for_ever()).await;
    }

    fn projection(&self) -> Projection {
        self.projector.projection()
    }

    async fn lead_for_ever(&self) {
        let name = format!("projector {}", self.projection());
        loop {
            let leadership = Leadership::acquire(self.log.pool(), &name).await;
            leadership.while_held(self.follow_for_ever()).await;
        }
    }

    /// Follows the log, and starts again after any failure, with a growing pause.
    async fn follow_for_ever(&self) {
        let mut pause = PAUSE_MIN;
        loop {
            let started = Instant::now();
            let Err(error) = self.follow().await;
            if started.elapsed() > PAUSE_MAX || matches!(error, BatchError::Fenced) {
                pause = PAUSE_MIN;
            }
            self.report(&error).await;
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Follows the log until something fails.
    async fn follow(&self) -> Result<Infallible, BatchError> {
        let mut live = self.open().await?;
        loop {
            match self.next(&mut live).await? {
                Ok(read) => self.step(&mut live, &read).await?,
                Err(error) => {
                    tracing::warn!(projection = self.projection().name(), %error, "the log cannot be followed");
                    sleep(PAUSE_MIN).await;
                }
            }
        }
    }

    /// Waits for events, and publishes the position meanwhile. A slow read is not restarted: on a slow database it
    /// would never end.
    async fn next(&self, live: &mut Live) -> Result<Result<Vec<Batch>, FeedError>, BatchError> {
        let next = self.source.next(live.batches.position());
        pin!(next);
        loop {
            let idle = if live.batches.lags() { LAG_MAX } else { IDLE_MAX };
            if let Ok(read) = timeout(idle, &mut next).await {
                return Ok(read);
            }
            self.measure(live.batches.position());
            // The read continues meanwhile: a reader that stops would keep the shared feed from the others.
            let keeping = live.batches.catch_up();
            pin!(keeping);
            let read = tokio::select! {
                kept = &mut keeping => kept.map(|()| None)?,
                read = &mut next => Some(read),
            };
            if let Some(read) = read {
                keeping.await?;
                return Ok(read);
            }
        }
    }

    /// Projects a read batch. After [`BatchError::Fenced`] everything is read again: the lead was lost, or the tables
    /// were swapped.
    async fn step(&self, live: &mut Live, read: &[Batch]) -> Result<(), BatchError> {
        let events: Vec<&Recorded> = read.iter().flat_map(|batch| batch.iter()).collect();
        let Some(last) = events.last() else { return Ok(()) };
        let started = Instant::now();
        let outcome = live.batches.project(&events, last.position).await;
        live.lead.publish(live.batches.position());
        self.measure(live.batches.position());
        let projection = self.projection().name();
        metrics::histogram!("mensajeria_projection_batch_seconds", "projection" => projection)
            .record(started.elapsed().as_secs_f64());
        metrics::counter!("mensajeria_projection_events_total", "projection" => projection)
            .increment(events.len() as u64);
        outcome
    }

    /// Opens the live tables. Missing tables, and those of another version, are created first.
    async fn open(&self) -> Result<Live, BatchError> {
        let batches = loop {
            match self.open_tables().await? {
                Some(batches) => break batches,
                None => self.rebuilt().await?,
            }
        };
        let lead = self.positions.lead(self.projection());
        lead.publish(batches.position());
        Ok(Live { batches, lead })
    }

    /// None if a rebuild must create the tables first. Until then, tables of another version serve readers without
    /// being updated: this program's SQL may not fit them.
    async fn open_tables(&self) -> sqlx::Result<Option<Batches>> {
        let schema = self.projection().name().to_owned();
        let target = Target { projector: Arc::clone(&self.projector), schema, live: true };
        let pool = self.log.pool();
        let batches = loop {
            match Batches::open(pool.clone(), target.clone()).await? {
                Some(batches) => break batches,
                None => schema::create(pool, &*self.projector, &target.schema, true).await?,
            }
        };
        let is_new = is_new(batches.position(), self.log.head().await?);
        Ok((batches.checkpoint().is_of(&*self.projector) && !is_new).then_some(batches))
    }

    /// Orders a rebuild and waits for it. A rebuild that was given up would fail again: a person has to find out why
    /// and order the next.
    async fn rebuilt(&self) -> sqlx::Result<()> {
        let pool = self.log.pool();
        let mut order = rebuild::request(pool, self.projection()).await?;
        loop {
            match rebuild::progress(pool, order).await? {
                Some(Progress { finished: false, .. }) => sleep(REBUILD_LOOK_INTERVAL).await,
                Some(Progress { failure: Some(reason), .. }) => {
                    self.stop_with(&format!("its rebuild was given up: {reason}")).await;
                    order = self.order_after(order).await;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Waits for a newer order than the one that was given up.
    async fn order_after(&self, given_up: Uuid) -> Uuid {
        loop {
            match rebuild::newest(self.log.pool(), self.projection()).await {
                Ok(Some(order)) if order != given_up => return order,
                _ => sleep(ORDER_LOOK_INTERVAL).await,
            }
        }
    }

    /// Logs a failure. If only a person can help, the reason is also stored for the status page.
    async fn report(&self, error: &BatchError) {
        let projection = self.projection().name();
        let reason = match error {
            BatchError::Fenced => return,
            BatchError::TooManyParked | BatchError::TooSlow => error.to_string(),
            BatchError::Database(error) if fault(error) == Fault::Transient => {
                tracing::warn!(
                    projection,
                    reason = without_values(error),
                    "a projection waits for its database"
                );
                return;
            }
            BatchError::Database(error) => without_values(error),
        };
        self.stop_with(&reason).await;
    }

    async fn stop_with(&self, reason: &str) {
        let projection = self.projection().name();
        tracing::error!(projection, reason, "a projection stands still");
        let text = format!("update {projection}.checkpoint set failure = $1");
        if let Err(error) = sqlx::query(&text).bind(reason).execute(self.log.pool()).await {
            tracing::error!(
                projection,
                reason = without_values(&error),
                "failed to write down why a projection stands still"
            );
        }
    }

    fn measure(&self, position: Position) {
        let projection = self.projection().name();
        let head = *self.log.watch_head().borrow();
        metrics::gauge!("mensajeria_projection_position", "projection" => projection).set(position as f64);
        metrics::gauge!("mensajeria_projection_lag_events", "projection" => projection)
            .set((head - position).max(0) as f64);
    }
}
