//! Concurrency limits for costly work: in all, for each company and for each caller, so that no caller keeps the others
//! waiting.
//!
//! A request without a free slot waits in a bounded queue. Slots are granted round robin over the waiting callers: a
//! caller with many requests waits behind its own requests, and every other caller waits for at most one slot of each
//! caller before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::value::{CompanyId, UserId};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::access::Caller;
use crate::problem::{Answer, Kind, Problem, Reason};

/// The limits of one kind of work.
#[derive(Debug, Clone)]
pub struct SlotLimits {
    /// Slots in all.
    pub at_once: usize,
    /// Slots for one company.
    pub per_company: usize,
    /// Slots for one caller.
    pub per_caller: usize,
    /// Waiting requests of one caller.
    pub waiting_per_caller: usize,
    /// Waiting requests in all.
    pub waiting: usize,
    /// How long a request waits for a slot.
    pub wait: Duration,
    /// The `Retry-After` of a request without a slot, in seconds.
    pub retry_after_s: u32,
    /// The reason given when the slots are taken by others.
    pub busy: Reason,
}

/// Reads that cost a database tens of milliseconds and more: audiences, searches, the audit, history at a past time.
/// The limit is lower than the connections of the smallest pool, so that all other requests are always answered.
pub fn costly_reads() -> SlotLimits {
    SlotLimits {
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

/// Counts of the audience of a confirmed send. They are separate from reads, so that no search and no preview delays an
/// alarm.
pub fn confirmations() -> SlotLimits {
    SlotLimits { at_once: 4, per_company: 4, per_caller: 2, ..costly_reads() }
}

/// Uploads of files, from their first byte until their import is over. Each upload has a file on disk and, under an
/// idempotency key, a database connection of its own.
pub fn uploads() -> SlotLimits {
    SlotLimits {
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

/// Imports of files on disk. Each import has a database connection of its own. Imports of one company change the same
/// clients, so they run one after the other. The queue needs no bound: every waiting import holds an upload slot.
pub fn imports() -> SlotLimits {
    SlotLimits {
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

/// The slots for one kind of work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots {
    limits: Arc<SlotLimits>,
    queue: Arc<Mutex<Queue>>,
}

/// A slot, released on drop.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    work: Work,
}

/// The caller of a request, and its company if it is about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    caller: UserId,
    company: Option<CompanyId>,
}

#[derive(Debug, Default)]
struct Queue {
    running: Vec<Work>,
    /// In the order in which they are offered a free slot.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    work: Work,
    granted: oneshot::Sender<Slot>,
}

enum SlotRequest {
    Granted(Slot),
    Waiting(oneshot::Receiver<Slot>),
}

impl Slots {
    /// All slots free.
    pub fn new(limits: SlotLimits) -> Self {
        Self { limits: Arc::new(limits), queue: Arc::default() }
    }

    /// Takes a slot for a caller's request, about a company if it is about one. Waits for the slot within the limits.
    ///
    /// # Errors
    /// 429 when the caller's own requests have its share of the slots; 503 when others have the slots.
    pub async fn take(&self, caller: &Caller, company: Option<CompanyId>) -> Answer<Slot> {
        self.take_for(Work { caller: caller.id(), company }).await
    }

    /// Takes a slot only if the request is costly.
    ///
    /// # Errors
    /// See [`Slots::take`].
    pub async fn take_if(
        &self,
        is_costly: bool,
        caller: &Caller,
        company: Option<CompanyId>,
    ) -> Answer<Option<Slot>> {
        if is_costly { self.take(caller, company).await.map(Some) } else { Ok(None) }
    }

    async fn take_for(&self, work: Work) -> Answer<Slot> {
        match self.ask(work)? {
            SlotRequest::Granted(slot) => Ok(slot),
            SlotRequest::Waiting(granted) => match timeout(self.limits.wait, granted).await {
                Ok(Ok(slot)) => Ok(slot),
                Ok(Err(_)) | Err(_) => Err(self.too_late(&mut self.queue(), work.caller)),
            },
        }
    }

    /// The answer to a request that can wait no longer: it waited behind the caller's own ones, or behind those of others.
    fn too_late(&self, queue: &mut Queue, caller: UserId) -> Problem {
        queue.waiting.retain(|waiting| !waiting.granted.is_closed());
        if queue.of(caller) >= self.limits.per_caller { self.too_many_of_caller() } else { self.busy() }
    }

    fn ask(&self, work: Work) -> Answer<SlotRequest> {
        let mut queue = self.queue();
        if queue.has_slot(&self.limits, work) {
            queue.running.push(work);
            return Ok(SlotRequest::Granted(self.slot(work)));
        }
        queue.waiting.retain(|waiting| !waiting.granted.is_closed());
        if queue.of(work.caller) >= self.limits.per_caller.saturating_add(self.limits.waiting_per_caller) {
            return Err(self.too_many_of_caller());
        }
        if queue.waiting.len() >= self.limits.waiting {
            return Err(self.too_late(&mut queue, work.caller));
        }
        let (granted, receiver) = oneshot::channel();
        queue.waiting.push(Waiting { work, granted });
        Ok(SlotRequest::Waiting(receiver))
    }

    fn slot(&self, work: Work) -> Slot {
        Slot { slots: self.clone(), work }
    }

    fn too_many_of_caller(&self) -> Problem {
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

impl Drop for Slot {
    fn drop(&mut self) {
        let (slots, mut granted) = (&self.slots, Vec::new());
        let mut queue = slots.queue();
        if let Some(index) = queue.running.iter().position(|work| *work == self.work) {
            queue.running.swap_remove(index);
        }
        while let Some(next) = queue.next(&slots.limits) {
            granted.push(next);
        }
        drop(queue);
        for Waiting { work, granted } in granted {
            // A request cancelled at this moment drops its slot here, and the slot goes to the next request.
            let _ = granted.send(slots.slot(work));
        }
    }
}

impl Queue {
    fn has_slot(&self, limits: &SlotLimits, work: Work) -> bool {
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

    /// Moves the next request that may run from the queue to the running ones. Its caller's other requests move to the
    /// end of the queue.
    fn next(&mut self, limits: &SlotLimits) -> Option<Waiting> {
        self.waiting.retain(|waiting| !waiting.granted.is_closed());
        let index = self.waiting.iter().position(|waiting| self.has_slot(limits, waiting.work))?;
        let next = self.waiting.remove(index);
        self.running.push(next.work);
        // Stable: a caller's own requests keep their order.
        self.waiting.sort_by_key(|waiting| waiting.work.caller == next.work.caller);
        Some(next)
    }
}

#[cfg(test)]
#[path = "slots_tests.rs"]
mod tests;
