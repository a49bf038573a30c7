//! Turns at costly work: so many at once in all, for a company and for a caller, so that no caller keeps the others waiting.
//!
//! A request that finds no turn waits in a bounded queue. Turns go round the callers that wait: a caller with many requests
//! waits behind itself, another one for one turn of each caller before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::value::{CompanyId, UserId};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::access::Caller;
use crate::problem::{Answer, Kind, Problem, Reason};

/// How many turns there are, and how many requests wait for one.
#[derive(Debug, Clone)]
pub struct TurnLimits {
    /// Turns in all.
    pub at_once: usize,
    /// Turns at work for one company.
    pub per_company: usize,
    /// Turns of one caller.
    pub per_caller: usize,
    /// How many requests of one caller wait.
    pub waiting_per_caller: usize,
    /// How many wait in all.
    pub waiting: usize,
    /// How long one waits.
    pub wait: Duration,
    /// When a request without a turn may come again, in seconds.
    pub retry_after_s: u32,
    /// What it is told when others have the turns.
    pub busy: Reason,
}

/// Reads that cost a database tens of milliseconds and more: audiences, searches, the audit, what was true at some time.
/// Fewer than the connections of the smallest pool, so that all else is always answered.
pub fn costly_reads() -> TurnLimits {
    TurnLimits {
        at_once: 3,
        per_company: 2,
        per_caller: 1,
        waiting_per_caller: 200,
        waiting: 1_000,
        wait: Duration::from_secs(30),
        retry_after_s: 1,
        busy: Reason::Overloaded,
    }
}

/// Counts of the audience of a send that was confirmed: apart from reads, so that no search and no preview holds up an alarm.
pub fn confirmations() -> TurnLimits {
    TurnLimits { at_once: 4, per_company: 4, per_caller: 2, ..costly_reads() }
}

/// Uploads of files, from their first byte until their import is over: each has a file on disk, and under an idempotency key
/// a connection to the database of its own.
pub fn uploads() -> TurnLimits {
    TurnLimits {
        at_once: 16,
        per_company: 8,
        per_caller: 2,
        waiting_per_caller: 0,
        waiting: 0,
        wait: Duration::ZERO,
        retry_after_s: 10,
        busy: Reason::TooManyImports,
    }
}

/// Imports of files that are on disk: each keeps a connection to the database of its own. Those of a company change the same
/// clients, so they go one after the other; each has its place in the queue as long as its upload has its turn.
pub fn imports() -> TurnLimits {
    TurnLimits {
        at_once: 4,
        per_company: 1,
        per_caller: 1,
        waiting_per_caller: usize::MAX,
        waiting: usize::MAX,
        wait: Duration::from_secs(10 * 60),
        retry_after_s: 10,
        busy: Reason::TooManyImports,
    }
}

/// The turns at one kind of work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns {
    limits: Arc<TurnLimits>,
    queue: Arc<Mutex<Queue>>,
}

/// A turn, over when it is dropped.
#[derive(Debug)]
pub struct WorkTurn {
    turns: Turns,
    work: Work,
}

/// Who asks, and for which company if it is for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    caller: UserId,
    company: Option<CompanyId>,
}

#[derive(Debug, Default)]
struct Queue {
    running: Vec<Work>,
    /// In the order in which they are asked whether they may run.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    work: Work,
    granted: oneshot::Sender<WorkTurn>,
}

enum Asked {
    Granted(WorkTurn),
    Waits(oneshot::Receiver<WorkTurn>),
}

impl Turns {
    /// No turn taken yet.
    pub fn new(limits: TurnLimits) -> Self {
        Self { limits: Arc::new(limits), queue: Arc::default() }
    }

    /// A turn for a caller's request, about a company if it is about one. Waits for it within the limits.
    ///
    /// # Errors
    /// 429 when the caller has too many requests waiting already; 503 when others have the turns.
    pub async fn take(&self, caller: &Caller, company: Option<CompanyId>) -> Answer<WorkTurn> {
        self.take_for(Work { caller: caller.id(), company }).await
    }

    /// A turn only if the request is a costly one.
    ///
    /// # Errors
    /// See [`Turns::take`].
    pub async fn take_if(
        &self,
        is_costly: bool,
        caller: &Caller,
        company: Option<CompanyId>,
    ) -> Answer<Option<WorkTurn>> {
        if is_costly { self.take(caller, company).await.map(Some) } else { Ok(None) }
    }

    async fn take_for(&self, work: Work) -> Answer<WorkTurn> {
        match self.ask(work)? {
            Asked::Granted(turn) => Ok(turn),
            Asked::Waits(granted) => match timeout(self.limits.wait, granted).await {
                Ok(Ok(turn)) => Ok(turn),
                Ok(Err(_)) | Err(_) => Err(self.busy()),
            },
        }
    }

    fn ask(&self, work: Work) -> Answer<Asked> {
        let mut queue = self.queue();
        if queue.has_turn(&self.limits, work) {
            queue.running.push(work);
            return Ok(Asked::Granted(self.turn(work)));
        }
        queue.waiting.retain(|waiting| !waiting.granted.is_closed());
        if queue.of(work.caller) >= self.limits.per_caller.saturating_add(self.limits.waiting_per_caller) {
            return Err(self.too_many_of_one());
        }
        if queue.waiting.len() >= self.limits.waiting {
            return Err(self.busy());
        }
        let (granted, receiver) = oneshot::channel();
        queue.waiting.push(Waiting { work, granted });
        Ok(Asked::Waits(receiver))
    }

    fn turn(&self, work: Work) -> WorkTurn {
        WorkTurn { turns: self.clone(), work }
    }

    fn too_many_of_one(&self) -> Problem {
        let problem = Problem::new(Kind::TooManyRequests).because(Reason::TooManyAtOnce);
        Problem { retry_after_s: Some(self.limits.retry_after_s), ..problem }
    }

    fn busy(&self) -> Problem {
        Problem::unavailable(self.limits.retry_after_s).because(self.limits.busy.clone())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WorkTurn {
    fn drop(&mut self) {
        let (turns, mut granted) = (&self.turns, Vec::new());
        let mut queue = turns.queue();
        if let Some(index) = queue.running.iter().position(|work| *work == self.work) {
            queue.running.swap_remove(index);
        }
        while let Some(next) = queue.next(&turns.limits) {
            granted.push(next);
        }
        drop(queue);
        for Waiting { work, granted } in granted {
            // A request that was given up at this moment drops its turn here, which goes on to the next.
            let _ = granted.send(turns.turn(work));
        }
    }
}

impl Queue {
    fn has_turn(&self, limits: &TurnLimits, work: Work) -> bool {
        let running =
            |is_same: &dyn Fn(&Work) -> bool| self.running.iter().filter(|one| is_same(one)).count();
        let is_free_for_company = work
            .company
            .is_none_or(|company| running(&|one| one.company == Some(company)) < limits.per_company);
        self.running.len() < limits.at_once
            && running(&|one| one.caller == work.caller) < limits.per_caller
            && is_free_for_company
    }

    /// How many requests of a caller run or wait.
    fn of(&self, caller: UserId) -> usize {
        let waiting = self.waiting.iter().map(|waiting| &waiting.work);
        self.running.iter().chain(waiting).filter(|work| work.caller == caller).count()
    }

    /// The next one that may run, now among those that run. What else its caller asks for goes behind everybody.
    fn next(&mut self, limits: &TurnLimits) -> Option<Waiting> {
        self.waiting.retain(|waiting| !waiting.granted.is_closed());
        let index = self.waiting.iter().position(|waiting| self.has_turn(limits, waiting.work))?;
        let next = self.waiting.remove(index);
        self.running.push(next.work);
        // Stable: a caller's own requests keep their order.
        self.waiting.sort_by_key(|waiting| waiting.work.caller == next.work.caller);
        Some(next)
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
