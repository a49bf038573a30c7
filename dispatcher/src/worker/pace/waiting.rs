//! The messages that wait for a slot, alarms first, and what became of slots.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::calendar::Shift;
use super::limit::Limits;
use super::slot::Slot;
use crate::worker::channel_route::ChannelRoute;
use crate::worker::job::Job;

/// How many messages ask for a slot by one statement.
const ASKED_MAX: usize = 500;
/// How many messages wait for a slot at once, those under the limit of a provider alone aside, which its queue bounds.
const ASKS_MAX: usize = 4_000;

/// Shared by everything that asks, uses and gives slots in one owner.
#[derive(Default)]
pub(in crate::worker) struct Waiting {
    state: Mutex<State>,
    /// Rung when somebody asks, or when something became of a slot.
    pub(super) bell: Notify,
}

#[derive(Default)]
struct State {
    asks: BTreeMap<Turn, Ask>,
    arrivals: u64,
    shifts: Vec<Shift>,
    /// How many alarms, and how many other jobs, wait for each limit.
    jobs: HashMap<(Arc<str>, bool), usize>,
    /// How many messages are with their providers.
    under_way: usize,
}

/// Who comes first: workers whose message is ready, then lanes, then who came first.
pub(super) type Turn = (Option<usize>, u64);

/// A message that needs a slot.
pub(super) struct Ask {
    pub(super) limits: Limits,
    pub(super) asker: Asker,
}

/// Where its slot goes.
pub(super) enum Asker {
    /// To a job that no worker has, which goes on to the queue of a provider.
    Job { job: Box<Job>, route: Arc<ChannelRoute>, place: usize },
    /// To a worker whose message is ready, on an open connection.
    Worker(oneshot::Sender<Slot>),
}

/// What is done by one statement.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) asks: Vec<(Turn, Ask)>,
    pub(super) shifts: Vec<Shift>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.asks.is_empty() && self.shifts.is_empty()
    }
}

impl Waiting {
    /// Waits for a slot.
    pub(super) fn ask(&self, ask: Ask) {
        let mut state = self.state();
        state.arrivals += 1;
        let rank = match &ask.asker {
            Asker::Job { job, .. } => Some(job.lane()),
            Asker::Worker(_) => None,
        };
        if let Asker::Job { job, .. } = &ask.asker {
            for limit in &ask.limits {
                *state.jobs.entry((Arc::clone(&limit.name), job.is_alarm())).or_default() += 1;
            }
        }
        let turn = (rank, state.arrivals);
        state.asks.insert(turn, ask);
        drop(state);
        self.bell.notify_one();
    }

    /// Whether fewer than so many alarms, or other jobs, wait for the slots of a limit, and not too many for all limits.
    pub(super) fn has_place(&self, limit: &Arc<str>, places: usize, is_alarm: bool) -> bool {
        let state = self.state();
        let jobs = state.jobs.get(&(Arc::clone(limit), is_alarm)).copied().unwrap_or(0);
        jobs < places && (is_alarm || state.asks.len() < ASKS_MAX)
    }

    /// Takes out those whose turn it is and who may have a slot, and what became of slots.
    pub(super) fn take(&self, may_ask: impl Fn(&Ask) -> bool) -> Batch {
        let mut state = self.state();
        let shifts = std::mem::take(&mut state.shifts);
        let asks = state.asks.extract_if(.., |_, ask| may_ask(ask)).take(ASKED_MAX).collect();
        Batch { asks, shifts }
    }

    /// Those who got nothing keep their turn.
    pub(super) fn put_back(&self, batch: Batch) {
        let mut state = self.state();
        state.asks.extend(batch.asks);
        state.shifts.extend(batch.shifts);
    }

    /// A job has its slot.
    pub(super) fn is_served(&self, limits: &Limits, is_alarm: bool) {
        let mut state = self.state();
        for limit in limits {
            if let Entry::Occupied(mut jobs) = state.jobs.entry((Arc::clone(&limit.name), is_alarm)) {
                *jobs.get_mut() -= 1;
                if *jobs.get() == 0 {
                    jobs.remove();
                }
            }
        }
    }

    /// What became of a slot.
    pub(super) fn shift(&self, shifts: Vec<Shift>) {
        self.state().shifts.extend(shifts);
        self.bell.notify_one();
    }

    /// A message is given to its provider.
    pub(super) fn begin(&self) {
        self.state().under_way += 1;
    }

    /// Its provider has answered, or will not.
    pub(super) fn end(&self) {
        self.state().under_way -= 1;
        self.bell.notify_one();
    }

    /// Whether no message is with its provider.
    pub(super) fn is_idle(&self) -> bool {
        self.state().under_way == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
