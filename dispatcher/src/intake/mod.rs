//! The intake: follows the log and remembers what sending needs of it: requests, retries, pauses, cancellations, erasures.

mod batch;
mod store;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use commands::broker::Broker;
use commands::leader::Leadership;
use commands::log::{FeedError, Reader, Recorded, SealError};
use domain::Position;
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::batch::{Batch, KINDS};
use self::store::{StoreError, store};
use crate::Wakes;

/// How long the intake rests after the database failed it.
const REST: Duration = Duration::from_millis(250);
/// How many events of no interest are passed over before the position says so: each such write waits for the disk,
/// and a start reads them again.
const PASSED_EVENTS_MAX: Position = 2_000;
/// How many parked events are tried at a start.
const PARKED_MAX: i64 = 10_000;
/// The name that only one intake leads under.
const LEADERSHIP: &str = "intake";

/// Follows the log from its own position in PostgreSQL.
pub(crate) struct Intake {
    pub(crate) log: Reader,
    pub(crate) broker: Option<Broker>,
    pub(crate) pool: PgPool,
    pub(crate) wakes: Arc<Wakes>,
}

impl Intake {
    /// Works whenever it leads, until it is cancelled. Cancelling it anywhere is safe: a batch is taken in whole or not.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.lead_for_ever()).await;
    }

    async fn lead_for_ever(&self) {
        loop {
            let leadership = Leadership::acquire(&self.pool, LEADERSHIP).await;
            if let Some(Err(error)) = leadership.while_held(self.follow()).await {
                tracing::warn!(%error, "the intake begins again at its position");
                sleep(REST).await;
            }
        }
    }

    /// Follows the log until something fails.
    async fn follow(&self) -> Result<Infallible, IntakeError> {
        let mut taken = store::position(&self.pool).await?;
        self.take_in_parked(taken).await?;
        let mut feed = self.log.feed(self.broker.clone(), taken).only(&KINDS);
        loop {
            let batch = self.sort(feed.next().await?);
            if !batch.is_empty() || feed.position() - taken >= PASSED_EVENTS_MAX {
                self.take_in(&batch, taken, feed.position()).await?;
                taken = feed.position();
            }
        }
    }

    /// What an earlier program could not read, this one may. Taking in twice is harmless.
    async fn take_in_parked(&self, position: Position) -> Result<(), IntakeError> {
        for parked in store::parked(&self.pool, PARKED_MAX).await? {
            let stored = self.log.read_after(parked - 1, 1).await?;
            let events = self.log.open_events(stored).await?;
            if events.iter().all(|recorded| recorded.event.is_ok()) {
                let batch = Batch { unparked: vec![parked], ..self.sort(events) };
                self.take_in(&batch, position, position).await?;
            }
        }
        Ok(())
    }

    fn sort(&self, events: Vec<Recorded>) -> Batch {
        let mut batch = Batch::default();
        events.into_iter().for_each(|recorded| batch.add(recorded));
        batch
    }

    async fn take_in(&self, batch: &Batch, from: Position, to: Position) -> Result<(), IntakeError> {
        store(&self.pool, batch, from, to).await?;
        if !batch.is_empty() {
            self.wakes.all();
        }
        Ok(())
    }
}

/// Why the intake begins again at its position.
#[derive(Debug, thiserror::Error)]
enum IntakeError {
    #[error("failed to read the intake's position: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
