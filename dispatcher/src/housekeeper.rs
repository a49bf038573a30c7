//! What must happen to the queue without anybody sending: dead owners, withdrawals, expiry.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::Wakes;
use crate::options::DispatcherOptions;
use crate::queue::owners::{self, Watch, taken_back};
use crate::queue::settle::{SettleError, Settlement, Settler};
use crate::queue::withdraw::{expire, withdraw};

/// How many pages of one kind are settled before the next kind has its turn.
const PAGES_MAX: usize = 200;

/// Keeps the queue clean. Any number may run: every settlement is conditional on the row's epoch.
pub(crate) struct Housekeeper {
    pub(crate) pool: PgPool,
    pub(crate) settler: Settler,
    pub(crate) options: DispatcherOptions,
    pub(crate) wakes: Arc<Wakes>,
}

impl Housekeeper {
    /// Works until it is cancelled, once a heartbeat and whenever the intake has news. Cancelling it anywhere is safe.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.work_for_ever()).await;
    }

    async fn work_for_ever(&self) {
        let (mut watch, mut has_searched) = (Watch::default(), false);
        loop {
            let next = Instant::now() + self.options.heartbeat;
            self.look(&mut watch).await;
            loop {
                self.clean(&mut has_searched).await;
                if timeout_at(next, self.wakes.housekeeper.notified()).await.is_err() {
                    break;
                }
            }
        }
    }

    /// One look at everybody's beat. A look that is not answered in time says nothing of anybody.
    async fn look(&self, watch: &mut Watch) {
        match timeout(self.options.heartbeat, owners::beats(&self.pool)).await {
            Ok(Ok(beats)) => {
                let dead = watch.look(&beats);
                self.log("condemning", owners::condemn(&self.pool, &dead, &beats).await);
            }
            Ok(Err(_)) | Err(_) => watch.forget(),
        }
    }

    async fn clean(&self, has_searched: &mut bool) {
        let taken_back = self.take_back(*has_searched).await;
        *has_searched |= taken_back.is_ok();
        self.log("taking back", taken_back);
        self.log("withdrawing", self.withdraw().await);
        self.log("expiring", self.expire().await);
    }

    /// Takes back what dead owners had. The first time also without any: rows of an owner that nobody knows any more, as
    /// after a restore, would be nobody's for ever.
    async fn take_back(&self, has_searched: bool) -> Result<(), SettleError> {
        let dead = owners::condemned(&self.pool).await?;
        if dead.is_empty() && has_searched {
            return Ok(());
        }
        for _ in 0..PAGES_MAX {
            let rows = owners::orphans(&self.pool).await?;
            if rows.is_empty() {
                owners::bury(&self.pool, &dead).await?;
                break;
            }
            let settlements: Vec<Settlement> = rows.into_iter().map(taken_back).collect();
            if self.settler.settle_all(&settlements).await? == 0 {
                break;
            }
        }
        self.wakes.pumps();
        Ok(())
    }

    async fn withdraw(&self) -> Result<(), SettleError> {
        for _ in 0..PAGES_MAX {
            if withdraw(&self.pool, &self.settler).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn expire(&self) -> Result<(), SettleError> {
        for _ in 0..PAGES_MAX {
            if expire(&self.pool, &self.settler, (self.options.clock)()).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn log<E: std::fmt::Display>(&self, what: &'static str, outcome: Result<(), E>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, what, "the queue could not be kept, trying again");
        }
    }
}
