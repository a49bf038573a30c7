//! Gives out slots: reserves them for all who wait, by few small statements.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::calendar::{Asked, HORIZON, Reply};
use super::clock::DatabaseClock;
use super::slot::Slot;
use super::store;
use super::waiting::{Ask, Asker, Batch, Turn, Waiting};
use crate::tasks::company_limits::CompanyLimits;
use crate::worker::channel_route::ChannelRoute;
use crate::worker::job::Job;

/// How long before its slot a job goes to its provider's queue, so that its connection is open and its start mark committed in
/// time.
const AHEAD: Duration = Duration::from_millis(180);
/// How often slots of a limit that has none left are asked for, so that each time several are reserved.
const ASKED_EVERY: Duration = Duration::from_millis(60);
/// How often calendars are read again because another process wrote them first, before others have their turn.
const CONFLICTS_MAX: usize = 5;
/// How long a process waits that could not reserve.
const REST: Duration = Duration::from_millis(500);

/// Reserves the slots of an owner.
pub(super) struct Reserver {
    pub(super) waiting: Arc<Waiting>,
    pub(super) pool: PgPool,
    pub(super) companies: Arc<CompanyLimits>,
    clock: DatabaseClock,
    /// Until when a limit has no slots.
    used_up: HashMap<Arc<str>, Instant>,
    /// Jobs that have their slots, until they go on.
    ahead: JoinSet<()>,
}

impl Reserver {
    pub(super) fn new(waiting: Arc<Waiting>, pool: PgPool, companies: Arc<CompanyLimits>) -> Self {
        let (clock, used_up, ahead) = (DatabaseClock::default(), HashMap::new(), JoinSet::new());
        Self { waiting, pool, companies, clock, used_up, ahead }
    }

    /// Works until it is stopped, and then until every message that was given to a provider has its answer: late ones hold
    /// back those of other processes.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while !(stop.is_cancelled() && self.waiting.is_idle()) {
            if stop.is_cancelled() {
                // Nobody begins any more. A worker that waits learns it.
                let Batch { shifts, .. } = self.waiting.take(|_| true);
                self.waiting.put_back(Batch { asks: Vec::new(), shifts });
            }
            self.step(&stop).await;
        }
    }

    async fn step(&mut self, stop: &CancellationToken) {
        while self.ahead.try_join_next().is_some() {}
        let now = Instant::now();
        self.used_up.retain(|_, until| *until > now);
        let batch =
            self.waiting.take(|ask| ask.limits.iter().all(|limit| !self.used_up.contains_key(&limit.name)));
        if batch.is_empty() {
            return self.wait(stop).await;
        }
        if let Err(error) = self.reserve(batch).await {
            tracing::warn!(%error, "no slots could be reserved, trying again");
            sleep(REST).await;
        }
    }

    async fn wait(&self, stop: &CancellationToken) {
        let next = self.used_up.values().min().copied();
        let next = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.waiting.bell.notified() => {}
            () = next => {}
            () = stop.cancelled(), if !stop.is_cancelled() => {}
        }
    }

    /// Reserves slots for a batch. Those who get none keep their turn.
    async fn reserve(&mut self, batch: Batch) -> sqlx::Result<()> {
        let asked: Vec<Asked> = batch.asks.iter().map(|(_, ask)| self.asked(ask)).collect();
        for _ in 0..CONFLICTS_MAX {
            match self.try_reserve(&batch, &asked).await {
                Ok(Some(replies)) => {
                    self.hand_out(batch.asks, replies);
                    return Ok(());
                }
                Ok(None) => {}
                Err(error) => {
                    self.waiting.put_back(batch);
                    return Err(error);
                }
            }
        }
        self.waiting.put_back(batch);
        Ok(())
    }

    fn asked(&self, ask: &Ask) -> Asked {
        let limits = ask.limits.iter();
        let with_rate =
            limits.filter_map(|limit| Some((Arc::clone(&limit.name), limit.per_second(&self.companies)?)));
        Asked { limits: with_rate.collect(), is_ready: matches!(ask.asker, Asker::Worker(_)) }
    }

    /// None: another process wrote one of the calendars meanwhile.
    async fn try_reserve(&self, batch: &Batch, asked: &[Asked]) -> sqlx::Result<Option<Vec<Reply>>> {
        let of_asks = batch.asks.iter().flat_map(|(_, ask)| ask.limits.iter().map(|limit| &limit.name));
        let of_shifts = batch.shifts.iter().map(|shift| &shift.limit);
        let limits: BTreeSet<Arc<str>> = of_asks.chain(of_shifts).cloned().collect();
        let limits: Vec<Arc<str>> = limits.into_iter().collect();
        let (mut calendars, versions) = store::read(&self.pool, &self.clock, &limits).await?;
        if versions.len() < limits.len() {
            return Ok(None);
        }
        calendars.shift(&batch.shifts);
        let replies = calendars.give(asked);
        let is_changed =
            !batch.shifts.is_empty() || replies.iter().any(|reply| matches!(reply, Reply::Slot(_)));
        let is_done = !is_changed || store::write(&self.pool, &calendars, &versions).await?;
        Ok(is_done.then_some(replies))
    }

    fn hand_out(&mut self, asks: Vec<(Turn, Ask)>, replies: Vec<Reply>) {
        let mut without = Vec::new();
        for ((turn, ask), reply) in asks.into_iter().zip(replies) {
            match reply {
                Reply::Slot(at) => self.serve(ask, at),
                Reply::Later(used_up) => {
                    self.remember(used_up);
                    without.push((turn, ask));
                }
            }
        }
        self.waiting.put_back(Batch { asks: without, shifts: Vec::new() });
    }

    fn remember(&mut self, used_up: Vec<(Arc<str>, i64)>) {
        for (limit, until) in used_up {
            let until = self.clock.instant(until).and_then(|until| until.checked_sub(HORIZON));
            let soonest = Instant::now() + ASKED_EVERY;
            self.used_up.insert(limit, until.map_or(soonest, |until| until.max(soonest)));
        }
    }

    fn serve(&mut self, Ask { limits, asker }: Ask, micros: i64) {
        let at = self.clock.instant(micros).unwrap_or_else(Instant::now);
        let slot = |limits| Slot::new(limits, micros, at, Arc::clone(&self.waiting));
        match asker {
            Asker::Job { job, route, place } => {
                self.waiting.is_served(&limits, job.is_alarm());
                let is_of_provider = limits.iter().all(super::Limit::is_of_provider);
                let job = Job { slot: Some(slot(limits)), ..*job };
                self.ahead.spawn(go_on(job, route, place, at, is_of_provider));
            }
            // A worker that has given up drops it, which gives it back.
            Asker::Worker(reply) => drop(reply.send(slot(limits))),
        }
    }
}

/// Puts a job into its provider's queue when its slot comes near.
async fn go_on(job: Job, route: Arc<ChannelRoute>, place: usize, at: Instant, is_expected: bool) {
    route.refilled.notify_one();
    if let Some(time) = at.checked_sub(AHEAD) {
        sleep_until(time).await;
    }
    let queue = &route.slots[place].queue;
    if is_expected { queue.put_expected(job) } else { queue.put(job) }
}
