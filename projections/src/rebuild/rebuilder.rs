//! Does the rebuilds that were ordered, those that wait together, in one process at a time.

use std::sync::Arc;
use std::time::Duration;

use commands::leader::Leadership;
use commands::log::Reader;
use futures::future::join_all;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::fill::Fill;
use super::reading::{Reading, Share};
use super::swap::swap;
use crate::engine::{BatchError, Fault, Target, fault, schema};
use crate::projector::Projector;

/// How often the orders are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How often a rebuild is begun anew after a failure that may not pass.
const TRIES_MAX: u32 = 3;
/// The pause before a rebuild is begun anew, or before the database is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often tables are tried to be dropped while somebody still reads them.
const DROP_TRIES_MAX: u32 = 100;
/// The pause between these tries.
const DROP_PAUSE: Duration = Duration::from_millis(100);

/// An order's id and the projection's name.
type Order = (Uuid, String);

/// The one at work on the orders.
pub(crate) struct Rebuilder {
    log: Reader,
    cancel: CancellationToken,
}

impl Rebuilder {
    pub(crate) const fn new(log: Reader, cancel: CancellationToken) -> Self {
        Self { log, cancel }
    }

    /// Runs until cancelled. An order that was begun by a process that died is begun anew, from nothing.
    pub(crate) async fn run(self) {
        let cancel = self.cancel.clone();
        cancel.run_until_cancelled(self.lead_for_ever()).await;
    }

    async fn lead_for_ever(&self) {
        loop {
            let leadership = Leadership::acquire(self.log.pool(), "rebuilder").await;
            leadership.while_held(self.work_for_ever()).await;
        }
    }

    async fn work_for_ever(&self) {
        let mut is_tidy = false;
        loop {
            match self.step().await {
                Ok(true) => is_tidy = false,
                Ok(false) => {
                    is_tidy = is_tidy || self.tidy().await;
                    sleep(LOOK_INTERVAL).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the orders to rebuild cannot be read");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Does what is ordered, from one reading of the log; false if nothing is. Whoever leads after a crash begins it anew.
    async fn step(&self) -> sqlx::Result<bool> {
        let orders = waiting(self.log.pool()).await?;
        if orders.is_empty() {
            return Ok(false);
        }
        let mut reading = Reading::new(&self.log, 0, self.log.head().await?);
        let joined = orders.into_iter().map(|(rebuild, name)| {
            let projector = name.parse().ok().map(|projection| crate::projector_of(&self.log, projection));
            let share = projector.as_ref().map(|projector| reading.join(projector.types()));
            self.fulfil(rebuild, projector.zip(share))
        });
        let joined: Vec<_> = joined.collect();
        let _reader = reading.begin();
        join_all(joined).await.into_iter().collect::<sqlx::Result<()>>().map(|()| true)
    }

    /// Does one order, if it is of a projection, with what was read for it.
    async fn fulfil(&self, rebuild: Uuid, of: Option<(Arc<dyn Projector>, Share)>) -> sqlx::Result<()> {
        let failure = match of {
            Some((projector, share)) => self.rebuild(rebuild, &projector, share).await.err(),
            None => Some("no projection has that name".to_owned()),
        };
        finish(self.log.pool(), rebuild, failure.as_deref()).await
    }

    /// Drops what was left by rebuilds that were given up or died, and by swaps whose readers took long: nothing erases
    /// people from there. While nothing is ordered, nobody needs it. False if something could not be dropped yet.
    async fn tidy(&self) -> bool {
        let Ok(leftovers) = schema::leftovers(self.log.pool()).await else { return false };
        let mut is_tidy = true;
        for left in leftovers {
            is_tidy &= schema::drop(self.log.pool(), &left).await.is_ok();
        }
        is_tidy
    }

    async fn rebuild(
        &self,
        rebuild: Uuid,
        projector: &Arc<dyn Projector>,
        share: Share,
    ) -> Result<(), String> {
        let projection = projector.projection();
        let (mut share, mut tries) = (Some(share), 0);
        loop {
            let Err(error) = self.attempt(rebuild, projector, share.take()).await else { return Ok(()) };
            tracing::error!(projection = projection.name(), %error, "a rebuild failed and begins anew");
            if !matches!(&error, BatchError::Database(error) if fault(error) == Fault::Passing) {
                tries += 1;
            }
            if tries >= TRIES_MAX {
                self.drop(&schema::beside(projection)).await;
                return Err(match error {
                    BatchError::Database(error) => crate::engine::nameless(&error),
                    other => other.to_string(),
                });
            }
            sleep(PAUSE).await;
        }
    }

    /// Whoever has to begin anew reads for himself.
    async fn attempt(
        &self,
        rebuild: Uuid,
        projector: &Arc<dyn Projector>,
        share: Option<Share>,
    ) -> Result<(), BatchError> {
        let projection = projector.projection();
        tracing::info!(projection = projection.name(), "rebuilding");
        self.drop(&schema::replaced(projection)).await;
        let schema = schema::beside(projection);
        let target = Target { projector: Arc::clone(projector), schema, live: false };
        let mut fill = Fill::begin(&self.log, target, Some(rebuild)).await?;
        if let Some(share) = share {
            fill.take(share).await?;
        }
        fill.reach_the_head().await?;
        swap(&self.log, &mut fill).await?;
        tracing::info!(projection = projection.name(), position = fill.position(), "rebuilt");
        self.drop(&schema::replaced(projection)).await;
        Ok(())
    }

    /// Readers may still hold tables that were replaced. What cannot be dropped now is dropped later. Until then nobody
    /// can read them who did not already: renaming a schema makes every kept plan be made anew.
    async fn drop(&self, schema: &str) {
        for _ in 0..DROP_TRIES_MAX {
            match timeout(PAUSE, schema::drop(self.log.pool(), schema)).await {
                Ok(Ok(())) => return,
                _ => sleep(DROP_PAUSE).await,
            }
        }
        tracing::warn!(schema, "tables that serve nobody could not be dropped yet");
    }
}

/// The orders that are not done, marked as begun.
async fn waiting(pool: &PgPool) -> sqlx::Result<Vec<Order>> {
    sqlx::query_as(
        "update projection_rebuilds set started_at = clock_timestamp(), position = 0, target = 0, facts = 0
         where finished_at is null
         returning rebuild_id, name",
    )
    .fetch_all(pool)
    .await
}

async fn finish(pool: &PgPool, rebuild: Uuid, failure: Option<&str>) -> sqlx::Result<()> {
    sqlx::query(
        "update projection_rebuilds set finished_at = clock_timestamp(), failure = $2 where rebuild_id = $1",
    )
    .bind(rebuild)
    .bind(failure)
    .execute(pool)
    .await?;
    Ok(())
}
