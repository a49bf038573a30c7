//! One owner of tasks: from its first beat to its last outcome.

use std::sync::Arc;
use std::time::Duration;

use commands::clock;
use commands::log::EventLog;
use domain::deliveries::Outcome;
use domain::value::Channel;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::active_tasks::ActiveTasks;
use super::channel_route::ChannelRoute;
use super::in_flight::InFlight;
use super::outcomes::{ERASED, Outcomes};
use super::pace::Pace;
use super::pump::Pump;
use super::recorder::{Flusher, Recorder};
use super::send::Worker;
use super::turns::Turns;
use crate::Wakes;
use crate::destination::Destinations;
use crate::mail_returns::MailReturns;
use crate::options::DispatcherOptions;
use crate::request::Requests;
use crate::route::Route;
use crate::tasks::claim::Claimer;
use crate::tasks::company_limits::CompanyLimits;
use crate::tasks::owners;
use crate::tasks::settle::Settler;
use crate::tasks::stops::{self, Stop, Stopped};

/// How long it takes until a new owner follows one that was lost.
const SUCCESSION_REST: Duration = Duration::from_secs(1);
/// How long the last outcomes may take to be recorded after the last send, and then the sign-off.
const LAST_OUTCOMES: Duration = Duration::from_millis(400);

/// What every owner of this process works with.
pub(crate) struct Sending {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) settler: Settler,
    pub(crate) requests: Requests,
    pub(crate) returns: Arc<MailReturns>,
    pub(crate) routes: Vec<Route>,
    pub(crate) destinations: Option<Arc<Destinations>>,
    pub(crate) options: DispatcherOptions,
    pub(crate) wakes: Arc<Wakes>,
}

/// One owner follows the other until it is cancelled. An owner ends early when it was fenced, because it was frozen for too
/// long, or when one of its tasks panicked: what it was working on is then recovered like after a crash. What it is sending
/// at that moment ends all the same, beside the next owner: an answer that comes late ends a doubt.
pub(crate) async fn send_for_ever(sending: Sending, cancel: CancellationToken) {
    let mut last_sends = JoinSet::new();
    while !cancel.is_cancelled() {
        Session::new(&sending).run(&cancel, &mut last_sends).await;
        while last_sends.try_join_next().is_some() {}
        let _ = cancel.run_until_cancelled(sleep(SUCCESSION_REST)).await;
    }
}

struct Session<'a> {
    sending: &'a Sending,
    owner: Uuid,
    active: Arc<ActiveTasks>,
    in_flight: Arc<InFlight>,
    limits: Arc<CompanyLimits>,
    /// Pumps and workers: they end when told to, and their jobs with them.
    workers: JoinSet<()>,
    /// The recorder's flusher: it ends when the last worker is gone.
    flushers: JoinSet<()>,
    stop: CancellationToken,
}

/// How an owner's time ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// It was told to stop.
    Stopped,
    /// It is an owner no more.
    Lost,
}

impl<'a> Session<'a> {
    fn new(sending: &'a Sending) -> Self {
        Self {
            sending,
            owner: clock::new_id(),
            active: Arc::default(),
            in_flight: Arc::default(),
            limits: Arc::default(),
            workers: JoinSet::new(),
            flushers: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    async fn run(mut self, cancel: &CancellationToken, last_sends: &mut JoinSet<()>) {
        if let Err(error) = owners::register(&self.sending.pool, self.owner).await {
            tracing::warn!(%error, "the dispatcher cannot register, trying again");
            return;
        }
        let recorder = self.start_recorder();
        let pace = self.start_pace();
        self.open_all(&recorder, &pace);
        let mut workers = std::mem::take(&mut self.workers);
        let mut flushers = std::mem::take(&mut self.flushers);
        let end = tokio::select! {
            end = self.heart(&recorder) => end,
            () = first_panic(&mut workers) => End::Lost,
            () = first_panic(&mut flushers) => End::Lost,
            () = cancel.cancelled() => End::Stopped,
        };
        (self.workers, self.flushers) = (workers, flushers);
        match end {
            End::Stopped => self.finish(recorder).await,
            End::Lost => self.give_up(recorder, last_sends).await,
        }
    }

    fn start_recorder(&mut self) -> Recorder {
        let flusher = Flusher {
            owner: self.owner,
            settler: self.sending.settler.clone(),
            active: Arc::clone(&self.active),
            in_flight: Arc::clone(&self.in_flight),
            wakes: Arc::clone(&self.sending.wakes),
            limits: Arc::clone(&self.limits),
            clock: Arc::clone(&self.sending.options.clock),
        };
        Recorder::start(&mut self.flushers, flusher)
    }

    fn start_pace(&mut self) -> Pace {
        let Sending { pool, destinations, .. } = self.sending;
        let limits = (Arc::clone(&self.limits), destinations.clone());
        Pace::start(&mut self.workers, pool.clone(), limits, self.stop.clone())
    }

    fn open_all(&mut self, recorder: &Recorder, pace: &Pace) {
        for route in &self.sending.routes {
            for channel in Channel::ALL {
                self.open(route, *channel, recorder, pace);
            }
        }
    }

    /// A pump for the channel and a worker for each connection of its providers.
    fn open(&mut self, route: &Route, channel: Channel, recorder: &Recorder, pace: &Pace) {
        let providers = route.providers.iter().filter(|provider| provider.channel() == channel).cloned();
        let channel_route = Arc::new(ChannelRoute::new(providers));
        if channel_route.slots.is_empty() {
            return;
        }
        let outcomes = self.outcomes(&channel_route, recorder, pace);
        for outcomes in &outcomes {
            for _ in 0..outcomes.slot().provider.gate().connections {
                let worker = Worker {
                    outcomes: outcomes.clone(),
                    requests: self.sending.requests.clone(),
                    returns: Arc::clone(&self.sending.returns),
                };
                self.workers.spawn(worker.run(self.stop.clone()));
            }
        }
        let pump = self.pump(route, channel, channel_route, outcomes);
        self.workers.spawn(pump.run(self.stop.clone()));
    }

    /// For each of the providers.
    fn outcomes(&self, route: &Arc<ChannelRoute>, recorder: &Recorder, pace: &Pace) -> Vec<Outcomes> {
        let of = |place| Outcomes {
            route: Arc::clone(route),
            place,
            recorder: recorder.clone(),
            pace: pace.clone(),
            options: self.sending.options.clone(),
        };
        (0..route.slots.len()).map(of).collect()
    }

    fn pump(
        &self,
        route: &Route,
        channel: Channel,
        channel_route: Arc<ChannelRoute>,
        outcomes: Vec<Outcomes>,
    ) -> Pump {
        let Sending { log, pool, options, wakes, .. } = self.sending;
        Pump {
            claimer: Claimer::new(pool.clone(), self.owner, channel, route.companies.clone()),
            log: log.reader().clone(),
            pool: pool.clone(),
            turns: Turns::of(channel_route.slots.len()),
            passed_over: vec![false; channel_route.slots.len()],
            route: channel_route,
            outcomes,
            active: Arc::clone(&self.active),
            limits: Arc::clone(&self.limits),
            may_have_lost_claims: false,
            next_claim: Instant::now(),
            options: options.clone(),
            wake: wakes.listen(channel),
        }
    }

    /// Beats until the owner is fenced. A beat that fails says nothing: others fence only when they can read.
    async fn heart(&self, recorder: &Recorder) -> End {
        let heartbeat = self.sending.options.heartbeat;
        let mut ticks = interval(heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match timeout(heartbeat, self.beat(recorder)).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return End::Lost,
                Ok(Err(error)) => tracing::warn!(%error, "a beat failed"),
                Err(_) => tracing::warn!("a beat was not answered in time"),
            }
        }
    }

    /// Shows that the owner lives, withdraws what must not be sent any more, and reads the limits of companies again. False:
    /// it was fenced.
    async fn beat(&self, recorder: &Recorder) -> sqlx::Result<bool> {
        let pool = &self.sending.pool;
        if !owners::beat(pool, self.owner, &self.in_flight.counts()).await? {
            return Ok(false);
        }
        for stop in stops::of_owner(pool, self.owner).await? {
            self.withdraw(stop, recorder).await;
        }
        let companies = self.active.all().into_iter().map(|active| active.task.task.company);
        self.limits.read_of(pool, companies).await;
        Ok(true)
    }

    /// Takes people out of the dispatch buffer who must not be sent to any more, or not now. Those who have left it are
    /// stopped by their start marks.
    async fn withdraw(&self, stop: Stop, recorder: &Recorder) {
        let Some(active) = self.active.get(stop.task) else { return };
        let is_stopped = |member| stop.members.is_none_or(|members| members.contains(member));
        let jobs =
            active.route.buffer().withdraw(|job| job.task.task.id == stop.task && is_stopped(job.member));
        let outcome = match stop.why {
            Stopped::Cancelled => Outcome::Cancelled,
            Stopped::Erased => ERASED,
            Stopped::Paused => {
                let of_claim = jobs.iter().filter(|job| Arc::ptr_eq(&job.task, &active.task));
                active.task.give_back(of_claim.map(|job| job.member).collect());
                return drop(recorder.release(&active.task).await);
            }
        };
        for job in jobs {
            recorder.settle(&job.task, job.ended_unsent(outcome.clone()), None, None).await;
        }
    }

    /// Ends in order: no new claims, what is being sent ends within the grace, what was not begun waits again.
    async fn finish(mut self, recorder: Recorder) {
        self.stop.cancel();
        let _ = timeout(self.sending.options.grace, join_all(&mut self.workers)).await;
        self.workers.shutdown().await;
        // What cannot be recorded now is recovered by another.
        let _ = timeout(LAST_OUTCOMES, async {
            for active in self.active.all() {
                active.task.let_go_but(self.in_flight.of(active.task.task.id));
                drop(recorder.release(&active.task).await);
            }
            drop(recorder);
            join_all(&mut self.flushers).await;
        })
        .await;
        self.leave().await;
    }

    /// Nothing new is begun: the marks of a fenced owner are refused. What is being sent takes as long as its provider, whose
    /// answers are recorded even if another owner has the tasks by then.
    async fn give_up(mut self, recorder: Recorder, last_sends: &mut JoinSet<()>) {
        tracing::error!(owner = %self.owner, "the dispatcher lost its tasks and begins again");
        self.stop.cancel();
        self.leave().await;
        let (mut workers, mut flushers) =
            (std::mem::take(&mut self.workers), std::mem::take(&mut self.flushers));
        last_sends.spawn(async move {
            join_all(&mut workers).await;
            drop(recorder);
            join_all(&mut flushers).await;
        });
    }

    async fn leave(&self) {
        let leaving = owners::leave(&self.sending.pool, self.owner);
        if !matches!(timeout(LAST_OUTCOMES, leaving).await, Ok(Ok(()))) {
            tracing::info!(owner = %self.owner, "the dispatcher could not sign off; its tasks go back when its beat is missed");
        }
    }
}

/// Tasks end only when they are told to: one that ends before has panicked.
async fn first_panic(tasks: &mut JoinSet<()>) {
    if tasks.is_empty() {
        return std::future::pending().await;
    }
    let _ = tasks.join_next().await;
}

async fn join_all(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
