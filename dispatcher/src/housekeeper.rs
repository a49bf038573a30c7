//! What must happen to tasks without anybody sending: dead owners, cancellation, expiry, erasure.

use std::sync::Arc;

use commands::purse;
use sqlx::PgPool;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::Wakes;
use crate::notices::alert_all;
use crate::options::DispatcherOptions;
use crate::tasks::flood::forget_old_addresses;
use crate::tasks::owners::{self, Watch};
use crate::tasks::settle::{SettleError, Settler};
use crate::tasks::{complete_left_over, recover, suppress_erased, sweep, unpark_all};

/// How many pages of one kind are settled before the next kind has its turn.
const PAGES_MAX: usize = 200;

/// Keeps the tasks clean. Any number may run: every settlement is fenced by the stream and by the task's epoch.
pub(crate) struct Housekeeper {
    pub(crate) pool: PgPool,
    pub(crate) settler: Settler,
    pub(crate) options: DispatcherOptions,
    pub(crate) wakes: Arc<Wakes>,
}

/// What is done once a start.
#[derive(Debug, Default)]
struct Start {
    has_unparked: bool,
    has_recovered: bool,
    has_alerted: bool,
}

impl Housekeeper {
    /// Works until it is cancelled, once a heartbeat and whenever the intake has news. Cancelling it anywhere is safe.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.work_for_ever()).await;
    }

    async fn work_for_ever(&self) {
        let (mut watch, mut start) = (Watch::default(), Start::default());
        loop {
            let next = Instant::now() + self.options.heartbeat;
            self.look(&mut watch).await;
            let kept = self.keep_purses(start.has_alerted).await;
            start.has_alerted = kept.is_ok();
            log("adding up", kept);
            loop {
                self.clean(&mut start).await;
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
                log("fencing", owners::fence(&self.pool, &dead, &beats).await);
            }
            Ok(Err(_)) | Err(_) => watch.forget(),
        }
    }

    async fn clean(&self, start: &mut Start) {
        if !start.has_unparked {
            let unparked = unpark_all(&self.pool).await;
            start.has_unparked = unparked.is_ok();
            log("unparking", unparked);
        }
        let recovered = self.recover(start.has_unparked && start.has_recovered).await;
        start.has_recovered |= recovered.is_ok();
        log("recovering", recovered);
        log("sweeping", self.sweep().await);
        log("suppressing", suppress_erased(&self.settler).await);
        log("completing", complete_left_over(&self.settler).await);
    }

    /// Takes back what dead owners had. The first time also without any: tasks of an owner that nobody knows any more, as
    /// after a restore, would be nobody's for ever.
    async fn recover(&self, has_recovered: bool) -> Result<(), SettleError> {
        let dead = owners::fenced(&self.pool).await?;
        if dead.is_empty() && has_recovered {
            return Ok(());
        }
        for _ in 0..PAGES_MAX {
            if recover(&self.settler).await? == 0 {
                owners::forget(&self.pool, &dead).await?;
                break;
            }
        }
        self.wakes.pumps();
        Ok(())
    }

    /// Adds up what was sent, and tells the people of companies that have used much of a limit. The first time, and after a
    /// failure, of all companies that have sent something today: nobody may have told of what was added up before.
    async fn keep_purses(&self, has_alerted: bool) -> Result<(), SettleError> {
        let now = (self.options.clock)();
        forget_old_addresses(&self.pool, now).await?;
        let mut companies = purse::fold(&self.pool).await?;
        if !has_alerted {
            companies = purse::recent(&self.pool, now).await?;
        }
        alert_all(&self.settler, &companies, now).await
    }

    async fn sweep(&self) -> Result<(), SettleError> {
        for _ in 0..PAGES_MAX {
            if sweep(&self.settler, (self.options.clock)()).await? == 0 {
                break;
            }
        }
        Ok(())
    }
}

fn log<E: std::fmt::Display>(what: &'static str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, what, "the tasks could not be kept, trying again");
    }
}
