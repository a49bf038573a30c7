//! The pump of one channel of one route: claims tasks into the dispatch buffer, and gives jobs to the first provider that
//! can take them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::log::Reader;
use futures::future::join_all;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::active_task::ActiveTask;
use super::active_tasks::{Active, ActiveTasks};
use super::channel_route::{ChannelRoute, ProviderSlot, Readiness};
use super::job::Job;
use super::outcomes::{ERASED, Outcomes};
use super::pace::{Limit, Way};
use super::turns::{Able, InTurn, Turns};
use super::verdict::OWN_REST;
use crate::options::DispatcherOptions;
use crate::tasks::claim::Claimer;
use crate::tasks::company_limits::CompanyLimits;
use crate::tasks::load::load;
use crate::tasks::{Task, TaskError};

/// How long the pump rests after the database failed it.
const REST: Duration = Duration::from_millis(500);
/// How long after a claim that found nothing the next one comes, unless somebody rings.
const CLAIM_EVERY: Duration = Duration::from_millis(100);
/// How soon it is looked again whether the limit of a destination is known.
const LOOKED_UP_EVERY: TimeDelta = TimeDelta::milliseconds(50);
/// How soon a job that must go elsewhere is offered again where there was no room: sooner than a queue runs empty.
const ROOM_LOOKED_FOR_EVERY: TimeDelta = TimeDelta::milliseconds(20);
/// A clock that is moved by hand may stand still at a moment that has come.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Claims for one channel of one route.
pub(super) struct Pump {
    pub(super) claimer: Claimer,
    pub(super) log: Reader,
    pub(super) pool: PgPool,
    pub(super) route: Arc<ChannelRoute>,
    /// Of each provider, in the order of the configuration.
    pub(super) outcomes: Vec<Outcomes>,
    pub(super) active: Arc<ActiveTasks>,
    pub(super) limits: Arc<CompanyLimits>,
    /// A claim has failed, or a claimed task could not be given back, since what is claimed was last compared with what is being
    /// sent.
    pub(super) may_have_lost_claims: bool,
    /// Which provider's turn is next while traffic is moved.
    pub(super) turns: Turns,
    /// Which providers were passed over when it was last looked.
    pub(super) passed_over: Vec<bool>,
    /// When a claim may be made again though nobody has rung.
    pub(super) next_claim: Instant,
    pub(super) options: DispatcherOptions,
    pub(super) wake: watch::Receiver<()>,
}

/// What a pump waits for, besides the bell, the buffer and the time of a poll.
#[derive(Debug, PartialEq, Eq)]
enum Wait {
    /// Nothing: there is more to do.
    Not,
    /// Until a provider, by its place, has room.
    ForRoom(usize),
    /// So long.
    For(Duration),
}

/// What became of a claimed task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// It is being sent, waits again, or is parked.
    Known,
    /// It is still claimed, and worked on by nobody.
    Lost,
}

impl Begun {
    fn of(outcome: sqlx::Result<()>) -> Self {
        let Err(error) = outcome else { return Self::Known };
        tracing::warn!(%error, "a claimed task could not be given back, trying again");
        Self::Lost
    }
}

impl Pump {
    /// Works until it is stopped. It is not cancelled in the middle of a claim, whose tasks would then be nobody's.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let wait = self.step().await;
            let _ = stop.run_until_cancelled(self.wait(wait)).await;
        }
    }

    async fn wait(&mut self, wait: Wait) {
        let (route, poll) = (Arc::clone(&self.route), self.options.poll);
        match wait {
            Wait::Not => {}
            Wait::ForRoom(place) => {
                let drained = route.slots[place].queue.drained.notified();
                tokio::select! {
                    _ = timeout(poll, drained) => {}
                    // It may be an alarm.
                    () = route.refilled.notified() => {}
                    _ = self.wake.changed() => self.next_claim = Instant::now(),
                }
            }
            Wait::For(length) => tokio::select! {
                () = sleep(length) => {}
                () = route.refilled.notified() => {}
                _ = self.wake.changed() => self.next_claim = Instant::now(),
            },
        }
    }

    /// One claim if it is time, then jobs to providers. A pump never waits longer than a poll, so that it also sees to the
    /// refusals that are held and to what has expired.
    async fn step(&mut self) -> Wait {
        for outcomes in &self.outcomes {
            outcomes.settle_overdue().await;
        }
        let now = (self.options.clock)();
        self.withdraw_expired(now).await;
        self.take_up_deferred(now);
        self.pass_over_stalled(now);
        if let Err(error) = self.claim(now).await {
            tracing::warn!(%error, "a claim failed, trying again");
            self.may_have_lost_claims = true;
            sleep(REST).await;
        }
        self.hand_out(now).await
    }

    /// Jobs whose time is over fail, also while every provider rests.
    async fn withdraw_expired(&self, now: DateTime<Utc>) {
        let has_expired = |task: &Arc<ActiveTask>| task.task.expires_at.is_some_and(|end| end <= now);
        if !self.active.of(&self.route).iter().any(has_expired) {
            return;
        }
        let expired = self.route.buffer().withdraw(|job| !job.is_in_time(now));
        for job in expired {
            self.outcomes[0].settle_expired(job).await;
        }
    }

    /// Those who were deferred and are due while others of their task are still being sent to.
    fn take_up_deferred(&self, now: DateTime<Utc>) {
        let due: Vec<Job> = self.active.of(&self.route).iter().flat_map(|task| task.come_due(now)).collect();
        if !due.is_empty() {
            self.route.put_back(due, now);
        }
    }

    /// Jobs that wait for a provider that is stalled go to the next one.
    fn pass_over_stalled(&mut self, now: DateTime<Utc>) {
        self.route.take_back(now);
        for (place, slot) in self.route.slots.iter().enumerate() {
            let is_passed_over = self.route.is_passed_over(place, now);
            if std::mem::replace(&mut self.passed_over[place], is_passed_over) == is_passed_over {
                continue;
            }
            let provider = &*slot.name;
            if is_passed_over {
                tracing::warn!(
                    provider,
                    "a provider does not answer: the next one gets its messages until it does"
                );
            } else {
                tracing::info!(provider, "a provider is tried again, or answers");
            }
        }
    }

    /// Claims what the buffer wants. While every provider rests only alarms are claimed.
    async fn claim(&mut self, now: DateTime<Utc>) -> sqlx::Result<()> {
        self.return_lost_claims().await?;
        if Instant::now() < self.next_claim {
            return Ok(());
        }
        let in_turn = self.route.in_turn(now);
        let place = in_turn.as_ref().map_or(0, |in_turn| in_turn.taker.place);
        let enough = self.route.slots[place].queue.target(Instant::now());
        let mut wants = self.route.buffer().wants(enough);
        if in_turn.is_none() {
            wants.only_alarms();
        }
        let tasks = self.claimer.claim(&wants, now).await?;
        // More is claimed at once while there is more; else when somebody rings, or a little later.
        self.next_claim = Instant::now() + if tasks.is_empty() { CLAIM_EVERY } else { Duration::ZERO };
        self.limits.read_of(&self.pool, tasks.iter().map(|task| task.company)).await;
        let begun = join_all(tasks.into_iter().map(|task| self.begin(task, now))).await;
        self.may_have_lost_claims |= begun.contains(&Begun::Lost);
        Ok(())
    }

    /// Loads a task and puts its people into the buffer.
    async fn begin(&self, task: Task, now: DateTime<Utc>) -> Begun {
        match load(&self.log, task.clone()).await {
            Ok(loaded) => {
                let (active, jobs) = ActiveTask::begin(loaded, (self.options.chance)(), now);
                self.active.add(Active { task: Arc::clone(&active), route: Arc::clone(&self.route) });
                if jobs.is_empty() {
                    drop(self.outcomes[0].recorder.release(&active).await);
                }
                self.route.put_back(jobs, now);
                Begun::Known
            }
            Err(TaskError::Unreadable { cause, .. }) => {
                Begun::of(crate::tasks::park(&self.pool, &task, &cause).await)
            }
            Err(error) => {
                tracing::warn!(%error, task = ?task.id, "a task could not be loaded, trying again");
                Begun::of(crate::tasks::give_back(&self.pool, &task, now + OWN_REST).await)
            }
        }
    }

    /// A claim that failed may be committed all the same, in part or as a whole, and a task that could not be loaded may still be
    /// claimed: it is worked on by nobody, and waits again before anything more is claimed.
    async fn return_lost_claims(&mut self) -> sqlx::Result<()> {
        if !self.may_have_lost_claims {
            return Ok(());
        }
        let mut lost = self.claimer.claimed().await?;
        lost.retain(|task| !self.active.has(task.id, task.epoch));
        for task in &lost {
            crate::tasks::give_back(&self.pool, task, task.due_at).await?;
        }
        self.may_have_lost_claims = false;
        Ok(())
    }

    /// Fills the queues of the providers whose turn it is: of the first that works, unless it gives up a share of its turns.
    async fn hand_out(&mut self, now: DateTime<Utc>) -> Wait {
        let in_turn = self.route.in_turn(now).or_else(|| self.able_for_an_alarm(now));
        let Some(mut in_turn) = in_turn else {
            return Wait::For(self.until(Some(self.route.able_at(now)), now));
        };
        self.hand_out_alarms(in_turn.taker, now).await;
        self.hand_out_held(in_turn.taker, now).await;
        for able in in_turn.each() {
            able.room = self.route.slots[able.place].room(able.readiness);
        }
        if in_turn.taker.room == 0 {
            return Wait::ForRoom(in_turn.taker.place);
        }
        self.hand_out_in_turn(in_turn, now).await
    }

    async fn hand_out_in_turn(&mut self, mut in_turn: InTurn, now: DateTime<Utc>) -> Wait {
        let mut has_given = false;
        while in_turn.taker.room > 0 {
            // The buffer's lock must not be held across what follows.
            let job = self.route.buffer().pop(now);
            let Some(job) = job else {
                return if has_given { Wait::Not } else { Wait::For(self.until_more(now).await) };
            };
            let place = self.turns.next(&mut in_turn);
            self.give(place, job, now).await;
            has_given = true;
        }
        Wait::Not
    }

    /// Alarms do not wait until there is room for others, and go to a provider that is not slow.
    async fn hand_out_alarms(&self, taker: Able, now: DateTime<Utc>) {
        for _ in 0..self.route.slots[taker.place].room_for_alarms(taker.readiness) {
            let alarm = self.route.buffer().pop_alarm(now);
            match alarm {
                Some(alarm) => self.give(taker.place, alarm, now).await,
                None => return,
            }
        }
    }

    /// Jobs whose limits let more of them wait for slots. A provider that is being tried gets no more than one job.
    async fn hand_out_held(&self, able: Able, now: DateTime<Utc>) {
        let pace = &self.outcomes[able.place].pace;
        let pop = || self.route.buffer().pop_held(|limit, is_alarm| pace.has_place(limit, is_alarm));
        if able.readiness == Readiness::Ready {
            while let Some(job) = pop() {
                self.give(able.place, job, now).await;
            }
        }
    }

    fn able_for_an_alarm(&self, now: DateTime<Utc>) -> Option<InTurn> {
        let has_alarm = self.route.buffer().has_alarm(now);
        has_alarm.then(|| self.route.able_for_an_alarm(now)).flatten()
    }

    /// Gives a job to the provider at a place, or to the next if that one has refused it before.
    async fn give(&self, place: usize, job: Job, now: DateTime<Utc>) {
        let outcomes = &self.outcomes[place];
        if job.task.is_over() {
            return;
        }
        if job.task.is_given_back() {
            return outcomes.give_back(job).await;
        }
        if job.addressee().is_none() {
            return outcomes.settle_unsent(job, ERASED).await;
        }
        if !job.is_in_time(now) {
            return outcomes.settle_expired(job).await;
        }
        if !job.is_refused_by(place) {
            return self.admit(place, job, now).await;
        }
        let Some(able_at) = outcomes.elsewhere_at(&job, now) else {
            // No other is left, or the job has waited long enough: the second answer of this provider is final.
            return self.admit(place, job, now).await;
        };
        match self.next_with_room(&job, now) {
            Some(next) => self.admit(next, job, now).await,
            None => outcomes.put_back(job, able_at.max(now + ROOM_LOOKED_FOR_EVERY)),
        }
    }

    /// Puts a job into the queue of a provider, at once or when it has a slot of its limits.
    async fn admit(&self, place: usize, job: Job, now: DateTime<Utc>) {
        let pace = &self.outcomes[place].pace;
        match pace.way(&job, &self.route, place) {
            Way::Free => self.route.slots[place].queue.put(job),
            Way::Paced(limits) => pace.ask(limits, job, &self.route, place),
            Way::Held(limit) => self.hold(limit, job, now).await,
            Way::Unknown => self.outcomes[place].put_back(job, now + LOOKED_UP_EVERY),
        }
    }

    /// Lets a job wait for its limit, in memory or in the queue.
    async fn hold(&self, limit: Limit, job: Job, now: DateTime<Utc>) {
        // The buffer's lock must not be held across what follows.
        let set_aside = self.route.buffer().hold(limit, job, now);
        if let Some((job, until)) = set_aside
            && job.task.set_aside(job.member, until)
        {
            drop(self.outcomes[0].recorder.release(&job.task).await);
        }
    }

    /// The first provider with room that has not refused the job in this attempt.
    fn next_with_room(&self, job: &Job, now: DateTime<Utc>) -> Option<usize> {
        let may_take = |(place, slot): &(usize, &ProviderSlot)| {
            let readiness = slot.readiness(now);
            let room = if job.is_alarm() { slot.room_for_alarms(readiness) } else { slot.room(readiness) };
            !job.is_refused_by(*place) && !self.route.is_passed_over(*place, now) && room > 0
        };
        self.route.slots.iter().enumerate().find(may_take).map(|(place, _)| place)
    }

    /// The buffer is empty: until a job of it has its time, a task is due, or another process may have made one.
    async fn until_more(&self, now: DateTime<Utc>) -> Duration {
        let buffered = self.route.buffer().next_due();
        let claimable = self.claimer.next_due(now).await.ok().flatten();
        self.until([buffered, claimable].into_iter().flatten().min(), now)
    }

    /// Until a moment, and never longer than a poll.
    fn until(&self, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
        let length = until.and_then(|until| (until - now).to_std().ok());
        let poll = self.options.poll;
        length.map_or(poll, |length| length.clamp(SHORTEST_WAIT, poll))
    }
}
