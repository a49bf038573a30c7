//! Executes ordered rebuilds in one process at a time, those that wait together.

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

/// How often the orders are read.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long the rebuilder waits for another order after each: orders that are given together share one reading.
const GATHER_INTERVAL: Duration = Duration::from_millis(50);
/// How many times a rebuild is restarted after a failure that may be permanent.
const TRIES_MAX: u32 = 3;
/// The pause before a rebuild is restarted, or before a failed query is repeated.
const PAUSE: Duration = Duration::from_secs(1);
/// How many times dropping tables is tried while readers still use them.
const DROP_TRIES_MAX: u32 = 100;
/// The pause between these tries.
const DROP_PAUSE: Duration = Duration::from_millis(100);

/// An order's id and the projection's name.
type Order = (Uuid, String);

/// Executes the orders of a database.
pub(crate) struct Rebuilder {
    log: Reader,
    cancel: CancellationToken,
}

impl Rebuilder {
    pub(crate) const fn new(log: Reader, cancel: CancellationToken) -> Self {
        Self { log, cancel }
    }

    /// Runs until cancelled. An order of a process that died is started again from nothing.
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

    /// Executes the open orders from one reading of the log; false if there is none. After a crash the next leader
    /// starts them again.
    async fn step(&self) -> sqlx::Result<bool> {
        self.gather().await?;
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

    /// Returns once no further order arrives, or at once without one. There are no more orders than projections.
    async fn gather(&self) -> sqlx::Result<()> {
        let (mut before, mut open) = (0, open_orders(self.log.pool()).await?);
        while before < open {
            sleep(GATHER_INTERVAL).await;
            (before, open) = (open, open_orders(self.log.pool()).await?);
        }
        Ok(())
    }

    /// Executes one order with its part of the reading, if it names a projection.
    async fn fulfil(&self, rebuild: Uuid, of: Option<(Arc<dyn Projector>, Share)>) -> sqlx::Result<()> {
        let failure = match of {
            Some((projector, share)) => self.rebuild(rebuild, &projector, share).await.err(),
            None => Some("no projection has that name".to_owned()),
        };
        finish(self.log.pool(), rebuild, failure.as_deref()).await
    }

    /// Drops the tables left by failed rebuilds, and by swaps that readers delayed, because erasures do not reach them.
    /// Called while there is no order, when no rebuild needs them. False if something could not be dropped yet.
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
            if !matches!(&error, BatchError::Database(error) if fault(error) == Fault::Transient) {
                tries += 1;
            }
            if tries >= TRIES_MAX {
                self.drop(&schema::beside(projection)).await;
                return Err(match error {
                    BatchError::Database(error) => crate::engine::without_values(&error),
                    other => other.to_string(),
                });
            }
            sleep(PAUSE).await;
        }
    }

    /// A rebuild that has to start again reads the log alone.
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

    /// Running queries may still use replaced tables. Tables that cannot be dropped now are dropped later. No new query
    /// can read them: renaming a schema invalidates every cached plan.
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

async fn open_orders(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from projection_rebuilds where finished_at is null")
        .fetch_one(pool)
        .await
}

/// The open orders, marked as started.
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
