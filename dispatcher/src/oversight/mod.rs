//! What all processes know of the providers: each reports their states, adds up how sends ended, follows their switches, and
//! moves traffic away from a slow one.

mod figures;
mod report;
mod status;
mod switches;
mod traffic;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::clock;
use commands::log::EventLog;
use domain::value::Channel;
use sqlx::PgPool;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::figures::{add_receipts, slot_of};
pub use self::status::{ProviderStatus, statuses};
use crate::options::Clock;
use crate::provider::Provider;
use crate::route::Route;

/// How often a process reports, and follows pauses and shares.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How often a process decides on shares, in reports.
const REPORTS_A_DECISION: u64 = 2;
/// How often what is too old is deleted, in reports.
const REPORTS_A_CLEANING: u64 = 60;
/// How long the database may take for all of it. Then the next report tries again.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long the process waits when the database could not tell which providers are paused.
const REST: Duration = Duration::from_millis(500);
/// How long the last words of a process may take.
const LAST_WORDS: Duration = Duration::from_millis(400);

/// How far back the page of providers counts.
pub const SHOWN: TimeDelta = TimeDelta::hours(1);

/// The providers of one channel of one route, in order of preference.
pub(crate) struct Line {
    pub(crate) channel: Channel,
    pub(crate) providers: Vec<Provider>,
}

/// Keeps the providers of this process in step with the others.
pub(crate) struct Oversight {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    /// This process, for as long as it runs.
    process: Uuid,
    lines: Vec<Line>,
    reported_at: Instant,
}

impl Oversight {
    pub(crate) fn new(log: EventLog, pool: PgPool, clock: Clock, routes: &[Route]) -> Self {
        let process = clock::new_id();
        Self { log, pool, clock, process, lines: lines(routes), reported_at: Instant::now() }
    }

    /// Waits until it is known which providers are paused. Nothing is sent before: a restart keeps a pause.
    pub(crate) async fn known(pool: PgPool, routes: Vec<Route>) {
        let lines = lines(&routes);
        while let Err(error) = switches::follow(&pool, &lines).await {
            tracing::warn!(%error, "the switches of the providers could not be read, trying again");
            sleep(REST).await;
        }
    }

    /// Works until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.work_for_ever()).await;
        let leaving = report::withdraw(&self.pool, self.process);
        if !matches!(timeout(LAST_WORDS, leaving).await, Ok(Ok(()))) {
            tracing::info!("the state of the providers is not withdrawn and expires");
        }
    }

    async fn work_for_ever(&mut self) {
        let mut ticks = interval(REPORT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reports = 0;
        loop {
            ticks.tick().await;
            match timeout(ANSWER_MAX, self.step(reports)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the providers could not be reported on"),
                Err(_) => tracing::warn!("a report on the providers was not answered in time"),
            }
            reports += 1;
        }
    }

    /// One report. Cancelling it loses at most the counts of one second.
    async fn step(&mut self, reports: u64) -> sqlx::Result<()> {
        let now = (self.clock)();
        switches::follow(&self.pool, &self.lines).await?;
        self.report(now).await?;
        if reports.is_multiple_of(REPORTS_A_DECISION) {
            traffic::decide_all(&self.log, &self.pool, &self.lines, now).await?;
        }
        if reports.is_multiple_of(REPORTS_A_CLEANING) {
            figures::forget(&self.pool, now - SHOWN).await?;
            report::forget(&self.pool).await?;
        }
        Ok(())
    }

    async fn report(&mut self, now: DateTime<Utc>) -> sqlx::Result<()> {
        let elapsed = self.reported_at.elapsed();
        self.reported_at = Instant::now();
        let mut reports: Vec<report::Report> = Vec::new();
        for (channel, provider) in each(&self.lines) {
            let ended = figures::record(&self.pool, provider, now).await?;
            let report = report::Report::of(channel, provider, ended, elapsed, now);
            // One that stands in two routes is one provider.
            if !reports.iter().any(|known| known.provider == report.provider) {
                reports.push(report);
            }
        }
        report::write(&self.pool, self.process, &reports).await
    }
}

fn lines(routes: &[Route]) -> Vec<Line> {
    let of = |(route, channel): (&Route, Channel)| {
        let providers: Vec<_> =
            route.providers.iter().filter(|provider| provider.channel() == channel).cloned().collect();
        (!providers.is_empty()).then_some(Line { channel, providers })
    };
    let each = routes.iter().flat_map(|route| Channel::ALL.iter().map(move |channel| (route, *channel)));
    each.filter_map(of).collect()
}

fn each(lines: &[Line]) -> impl Iterator<Item = (Channel, &Provider)> {
    lines.iter().flat_map(|line| line.providers.iter().map(|provider| (line.channel, provider)))
}
