//! Records waiting receipts once the outcomes of their messages are recorded, and suppresses the addresses that follow.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::log::EventLog;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::record::Recorder;
use super::waiting::{expire, moved};
use crate::options::DispatcherOptions;
use crate::suppressions;

/// How long a receipt waits at most. An outcome is recorded soon after the send, or after the recovery of its owner.
const WAIT_MAX: TimeDelta = TimeDelta::days(1);
/// How many receipts are recorded in one transaction at most.
const PAGE: i64 = 1_000;

/// How long after a look the next one begins at the earliest: a campaign settles hundreds of times a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Looks after the receipts that wait. Any number may run: every event is fenced by its stream.
pub(crate) struct Keeper {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) recorder: Recorder,
    pub(crate) options: DispatcherOptions,
    /// Rung after each settlement of this process.
    pub(crate) settled: Arc<Notify>,
}

impl Keeper {
    /// Works until it is cancelled: after each settlement of this process, and once a heartbeat for those of others.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let _ = cancel.clone().run_until_cancelled(self.work_for_ever()).await;
    }

    async fn work_for_ever(&mut self) {
        loop {
            let next = Instant::now() + self.options.heartbeat;
            log(self.expire().await);
            loop {
                log(self.record_moved().await);
                log(suppressions::carry_out(&self.log).await);
                let again = Instant::now() + LOOK_INTERVAL;
                if timeout_at(next, self.settled.notified()).await.is_err() || again >= next {
                    break;
                }
                sleep_until(again).await;
            }
        }
    }

    /// Ends: a receipt whose outcome is still missing is not found again before its stream moves again.
    async fn record_moved(&mut self) -> sqlx::Result<()> {
        loop {
            let receipts = moved(&self.pool, PAGE).await?;
            let is_last = (receipts.len() as i64) < PAGE;
            let recorded = self.recorder.record(receipts).await;
            let is_stuck = recorded.iter().all(Option::is_none);
            for recorded in recorded.into_iter().flatten() {
                metrics::counter!("mensajeria_receipts_waited_total", "outcome" => recorded.as_str())
                    .increment(1);
            }
            if is_last || is_stuck {
                return Ok(());
            }
        }
    }

    async fn expire(&self) -> sqlx::Result<()> {
        let expired = expire(&self.pool, (self.options.clock)() - WAIT_MAX).await?;
        metrics::counter!("mensajeria_receipts_waited_total", "outcome" => "expired").increment(expired);
        Ok(())
    }
}

fn log<E: std::fmt::Display>(outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "receipts could not be looked after, trying again");
    }
}
