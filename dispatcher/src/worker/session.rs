//! One owner's time in office: from its first beat to its last row.

use std::sync::Arc;
use std::time::Duration;

use commands::clock;
use domain::value::Channel;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::clerk::Clerk;
use super::hands::Hands;
use super::outcomes::Outcomes;
use super::pump::{Counter, Pump};
use super::refused_rows::RefusedRows;
use super::send::Worker;
use crate::Wakes;
use crate::options::DispatcherOptions;
use crate::queue::claim::Claimer;
use crate::queue::owners;
use crate::queue::settle::{Decision, Settler};
use crate::request::Requests;
use crate::route::Route;

/// How long it takes until a new owner follows one that was lost.
const SUCCESSION_REST: Duration = Duration::from_secs(1);
/// How long the last settlements may take after the last send, and then the leave.
const LAST_SETTLEMENTS: Duration = Duration::from_millis(400);

/// What every owner of this process works with.
pub(crate) struct Office {
    pub(crate) pool: PgPool,
    pub(crate) settler: Settler,
    pub(crate) requests: Requests,
    pub(crate) routes: Vec<Route>,
    pub(crate) options: DispatcherOptions,
    pub(crate) wakes: Arc<Wakes>,
}

/// One owner follows the other until it is cancelled. An owner ends early when it was condemned, because it was frozen
/// for too long, or when one of its tasks panicked: what it had in hand is then taken back like after a crash.
pub(crate) async fn open_for_ever(office: Office, cancel: CancellationToken) {
    while !cancel.is_cancelled() {
        Session::new(&office).run(&cancel).await;
        let _ = cancel.run_until_cancelled(sleep(SUCCESSION_REST)).await;
    }
}

struct Session<'a> {
    office: &'a Office,
    owner: Uuid,
    hands: Arc<Hands>,
    /// Pumps and workers: they end when told to, and their rows with them.
    workers: JoinSet<()>,
    /// The clerk's flushers: they end when the last worker is gone.
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
    fn new(office: &'a Office) -> Self {
        Self {
            office,
            owner: clock::new_id(),
            hands: Arc::default(),
            workers: JoinSet::new(),
            flushers: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    async fn run(mut self, cancel: &CancellationToken) {
        if let Err(error) = owners::register(&self.office.pool, self.owner).await {
            tracing::warn!(%error, "the dispatcher cannot register, trying again");
            return;
        }
        let clerk = Clerk::start(
            &mut self.flushers,
            &self.office.pool,
            self.office.settler.clone(),
            Arc::clone(&self.hands),
            Arc::clone(&self.office.wakes),
        );
        let counters = self.open_all(&clerk);
        let end = tokio::select! {
            end = heart(self.office, self.owner, &self.hands) => end,
            () = first_panic(&mut self.workers) => End::Lost,
            () = first_panic(&mut self.flushers) => End::Lost,
            () = cancel.cancelled() => End::Stopped,
        };
        match end {
            End::Stopped => self.finish(clerk, &counters).await,
            End::Lost => self.give_up().await,
        }
    }

    fn open_all(&mut self, clerk: &Clerk) -> Vec<Arc<Vec<Counter>>> {
        let office = self.office;
        let ways = office
            .routes
            .iter()
            .flat_map(|route| [Channel::Sms, Channel::Email].map(|channel| (route, channel)));
        ways.map(|(route, channel)| self.open(route, channel, clerk)).collect()
    }

    /// A pump for the channel and a worker for each connection of its providers.
    fn open(&mut self, route: &Route, channel: Channel, clerk: &Clerk) -> Arc<Vec<Counter>> {
        let providers = route.providers.iter().filter(|provider| provider.channel() == channel);
        let counters: Arc<Vec<Counter>> = Arc::new(providers.cloned().map(Counter::new).collect());
        let outcomes = self.outcomes(&counters, clerk);
        for outcomes in &outcomes {
            for _ in 0..outcomes.counter().provider.gate().connections {
                let worker = Worker { outcomes: outcomes.clone(), requests: self.office.requests.clone() };
                self.workers.spawn(worker.run(self.stop.clone()));
            }
        }
        if !counters.is_empty() {
            let pump = self.pump(route, channel, outcomes);
            self.workers.spawn(pump.run(self.stop.clone()));
        }
        counters
    }

    /// For each of the providers.
    fn outcomes(&self, counters: &Arc<Vec<Counter>>, clerk: &Clerk) -> Vec<Outcomes> {
        let refused_rows = Arc::<RefusedRows>::default();
        let of = |place| Outcomes {
            counters: Arc::clone(counters),
            place,
            clerk: clerk.clone(),
            refused_rows: Arc::clone(&refused_rows),
            options: self.office.options.clone(),
        };
        (0..counters.len()).map(of).collect()
    }

    fn pump(&self, route: &Route, channel: Channel, outcomes: Vec<Outcomes>) -> Pump {
        Pump {
            claimer: Claimer::new(self.office.pool.clone(), self.owner, channel, route.companies.clone()),
            outcomes,
            settler: self.office.settler.clone(),
            hands: Arc::clone(&self.hands),
            may_have_strays: false,
            clock: Arc::clone(&self.office.options.clock),
            poll: self.office.options.poll,
            wake: self.office.wakes.listen(channel),
        }
    }

    /// Ends in order: no new claims, what is being sent ends within the grace, what was not begun waits again.
    async fn finish(mut self, clerk: Clerk, counters: &[Arc<Vec<Counter>>]) {
        self.stop.cancel();
        let _ = timeout(self.office.options.grace, join_all(&mut self.workers)).await;
        self.workers.shutdown().await;
        // What cannot be settled now is taken back by another.
        let _ = timeout(LAST_SETTLEMENTS, async {
            release_all(clerk, counters).await;
            join_all(&mut self.flushers).await;
        })
        .await;
        self.leave().await;
    }

    async fn give_up(mut self) {
        tracing::error!(owner = %self.owner, "the dispatcher lost what it had in hand and begins again");
        self.workers.shutdown().await;
        self.flushers.shutdown().await;
        self.leave().await;
    }

    async fn leave(&self) {
        let leaving = owners::leave(&self.office.pool, self.owner);
        if !matches!(timeout(LAST_SETTLEMENTS, leaving).await, Ok(Ok(()))) {
            tracing::info!(owner = %self.owner, "the dispatcher could not sign off; its rows go back when its beat is missed");
        }
    }
}

/// Beats until the owner is condemned. A beat that fails says nothing: others condemn only when they can read.
async fn heart(office: &Office, owner: Uuid, hands: &Hands) -> End {
    let mut ticks = interval(office.options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match timeout(office.options.heartbeat, owners::beat(&office.pool, owner, &hands.all())).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return End::Lost,
            Ok(Err(error)) => tracing::warn!(%error, "a beat failed"),
            Err(_) => tracing::warn!("a beat was not answered in time"),
        }
    }
}

/// What was not begun waits again, and so does what was refused and not yet decided.
async fn release_all(clerk: Clerk, counters: &[Arc<Vec<Counter>>]) {
    for counter in counters.iter().flat_map(|counters| counters.iter()) {
        let held = counter.streaks().clear().into_iter().map(|refused| refused.row);
        for row in counter.desk.clear().into_iter().chain(held) {
            let due_at = row.due_at;
            drop(clerk.settle(row, Decision::Release { due_at }, None).await);
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
