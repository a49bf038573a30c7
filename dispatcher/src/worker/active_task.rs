//! A task that this owner sends: the people of a chunk, and which of them are still in its hands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::deliveries::{Deliveries, MemberOutcome, State};
use domain::notification::{Addressee, Recipient};
use domain::value::{DeliveryId, Member, Members, Ordinal, first_members};

use super::job::Job;
use crate::tasks::load::Loaded;
use crate::tasks::settle::{Change, Next, Settled, Spent};
use crate::tasks::{ChunkId, Task};

/// A claimed task. Shared by its jobs.
pub(super) struct ActiveTask {
    pub(super) task: Task,
    recipients: Vec<Recipient>,
    /// Drawn once, so that members who are deferred together are due together.
    pub(super) chance: f64,
    progress: Mutex<Progress>,
}

/// What has become of the task so far.
struct Progress {
    deliveries: Deliveries,
    sequence: i64,
    /// The members this owner is still working on: buffered, being sent, or held until a refusal is understood.
    in_memory: Members,
    /// Whose outcomes are being committed. `deliveries` does not show these outcomes yet: a member who was deferred before
    /// looks due again, and a job for that member would send twice.
    settling: Members,
    /// A change that leaves nobody in memory is being committed, which gives the task back to the queue. Who comes due until
    /// it is known belongs to the next claim: a job for that member would find its start mark refused.
    is_being_released: bool,
    /// When the first of those who are deferred is due.
    next_due: Option<DateTime<Utc>>,
    /// The notification is paused: nobody is begun with any more, and the task is given back once nobody is being sent to.
    is_given_back: bool,
    /// Until when members wait in the queue whose destination gets no more messages before; none if none does.
    aside_until: Option<DateTime<Utc>>,
    is_over: bool,
}

impl ActiveTask {
    /// A task as it was loaded, and a job for everybody who is due.
    pub(super) fn begin(loaded: Loaded, chance: f64, now: DateTime<Utc>) -> (Arc<Self>, Vec<Job>) {
        let Loaded { task, recipients, deliveries, sequence } = loaded;
        let everybody = first_members(recipients.len());
        let is_pending = |member: &Member| deliveries.get(*member).state == State::Pending;
        let in_memory: Members = everybody.iter().filter(is_pending).collect();
        let next_due = deliveries.next_due();
        let settling = Members::NONE;
        let (is_being_released, is_given_back, is_over) = (false, false, false);
        let progress = Progress {
            deliveries,
            sequence,
            in_memory,
            settling,
            is_being_released,
            next_due,
            is_given_back,
            aside_until: None,
            is_over,
        };
        let active = Arc::new(Self { task, recipients, chance, progress: Mutex::new(progress) });
        let mut jobs: Vec<Job> = in_memory.iter().map(|member| active.job(member)).collect();
        jobs.append(&mut active.come_due(now));
        (active, jobs)
    }

    /// Who, and where as of the freezing of the audience; none if the person was erased.
    pub(super) fn addressee(&self, member: Member) -> Option<&Addressee> {
        self.recipients.get(member.index()).and_then(|recipient| recipient.addressee.get())
    }

    /// The person.
    pub(super) fn recipient(&self, member: Member) -> Option<&Recipient> {
        self.recipients.get(member.index())
    }

    /// Whether a member is sent to in another country.
    pub(super) fn is_foreign(&self, member: Member) -> bool {
        let edited = self.progress().deliveries.is_foreign(member);
        edited.unwrap_or_else(|| self.recipient(member).is_some_and(|recipient| recipient.is_foreign))
    }

    /// The public id of a member's delivery.
    pub(super) fn delivery(&self, member: Member) -> DeliveryId {
        let ChunkId { notification, chunk } = self.task.id;
        let ordinal = Ordinal::of(chunk, member).expect("a chunk that was frozen has ordinals");
        DeliveryId::of(notification, ordinal)
    }

    /// Whether somebody else has the task now, or nobody is left to send to.
    pub(super) fn is_over(&self) -> bool {
        self.progress().is_over
    }

    /// Whether the task goes back to the queue once nobody is being sent to.
    pub(super) fn is_given_back(&self) -> bool {
        self.progress().is_given_back
    }

    /// Works on these members no more, and begins with nobody else. They stay open.
    pub(super) fn give_back(&self, members: Members) {
        let mut progress = self.progress();
        progress.is_given_back = true;
        progress.in_memory = progress.in_memory.without(members);
    }

    /// Works on a member no more, who waits in the queue until a time. True: the task can be released, since nobody is left.
    pub(super) fn set_aside(&self, member: Member, until: DateTime<Utc>) -> bool {
        let mut progress = self.progress();
        progress.in_memory.remove(member);
        progress.aside_until = progress.aside_until.max(Some(until));
        progress.in_memory.is_empty()
    }

    /// Stops working on everybody but those who are being sent to.
    pub(super) fn let_go_but(&self, in_flight: Members) {
        let mut progress = self.progress();
        progress.in_memory = progress.in_memory.without(progress.in_memory.without(in_flight));
    }

    /// What is to be settled when these outcomes are known.
    pub(super) fn change(
        &self,
        outcomes: Vec<MemberOutcome>,
        spent: Vec<(Member, Spent)>,
        unmarked: Members,
    ) -> Change {
        let mut progress = self.progress();
        let settled: Members = outcomes.iter().map(|outcome| outcome.member).collect();
        progress.in_memory = progress.in_memory.without(settled);
        progress.settling = progress.settling.union(settled);
        progress.is_being_released = progress.in_memory.is_empty();
        Change {
            task: self.task.clone(),
            deliveries: progress.deliveries.clone(),
            sequence: progress.sequence,
            outcomes,
            in_memory: progress.in_memory,
            aside_until: progress.aside_until.filter(|_| !progress.is_given_back),
            spent,
            unmarked,
        }
    }

    /// Takes in what was settled; there is one change of a task at a time. Returns jobs for members that a retry has
    /// reopened meanwhile.
    pub(super) fn settled(self: &Arc<Self>, settled: Settled) -> Vec<Job> {
        let Settled { deliveries, sequence, next } = settled;
        let mut progress = self.progress();
        let before = std::mem::replace(&mut progress.deliveries, deliveries);
        (progress.settling, progress.is_being_released) = (Members::NONE, false);
        progress.next_due = progress.deliveries.next_due();
        (progress.sequence, progress.is_over) = (sequence, next != Next::Kept);
        if progress.is_over {
            return Vec::new();
        }
        let is_reopened = |member: &Member| {
            let (was, is) = (before.get(*member), progress.deliveries.get(*member));
            is.generation > was.generation && is.is_open()
        };
        let reopened: Members = first_members(self.recipients.len()).iter().filter(is_reopened).collect();
        progress.in_memory = progress.in_memory.union(reopened);
        drop(progress);
        reopened.iter().map(|member| self.job(member)).collect()
    }

    /// Jobs for those who were deferred and are due while others of the task are still being sent to.
    pub(super) fn come_due(self: &Arc<Self>, now: DateTime<Utc>) -> Vec<Job> {
        let mut progress = self.progress();
        let has_none = progress.next_due.is_none_or(|due| now < due);
        if progress.is_over || progress.is_given_back || progress.is_being_released || has_none {
            return Vec::new();
        }
        let taken = progress.in_memory.union(progress.settling);
        let is_due = |member: &Member| match progress.deliveries.get(*member).state {
            State::Deferred { until, .. } => until <= now && !taken.contains(*member),
            _ => false,
        };
        let due: Members = first_members(self.recipients.len()).iter().filter(is_due).collect();
        progress.in_memory = progress.in_memory.union(due);
        drop(progress);
        due.iter().map(|member| self.job(member)).collect()
    }

    /// The next attempt for a member.
    fn job(self: &Arc<Self>, member: Member) -> Job {
        let progress = self.progress();
        let delivery = progress.deliveries.get(member);
        let edited = progress.deliveries.address(member).zip(self.addressee(member));
        let edited =
            edited.map(|(address, person)| Addressee { address: address.to_owned(), ..person.clone() });
        let since = match delivery.state {
            State::Deferred { since, .. } => Some(since),
            _ => None,
        };
        Job {
            task: Arc::clone(self),
            member,
            edited: edited.map(Box::new),
            generation: delivery.generation,
            attempt: delivery.attempt + 1,
            since,
            not_before: None,
            refused_by: Vec::new(),
            elsewhere_until: None,
            spent: None,
            slot: None,
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids only: the people are never printed.
impl std::fmt::Debug for ActiveTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActiveTask")
            .field("id", &self.task.id)
            .field("epoch", &self.task.epoch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::Aggregate;
    use domain::deliveries::{Action, Cause, DeliveriesCommand, Failure, Outcome};

    use super::super::testing::{at, loaded, task};
    use super::*;

    fn first(attempt: u32, outcome: Outcome) -> MemberOutcome {
        let member = Member::try_new(1).expect("a member");
        MemberOutcome { member, generation: 1, attempt, outcome, passed_on: Vec::new() }
    }

    fn deferred_until(second: i64) -> Outcome {
        let failure = Failure { provider: None, cause: Cause::EXPIRED, detail: None };
        Outcome::Deferred { since: at(0), until: at(second), failure }
    }

    fn record(deliveries: &mut Deliveries, task: &Task, outcomes: Vec<MemberOutcome>) {
        let (notification, company) = (task.id.notification, task.company);
        let command = DeliveriesCommand { notification, company, action: Action::RecordOutcomes(outcomes) };
        for event in deliveries.decide(command).expect("a decision") {
            deliveries.apply(event);
        }
    }

    #[test]
    fn who_was_deferred_gets_no_second_job_while_the_outcome_is_being_committed() {
        let task = task(1, 200, 2);
        let mut loaded = loaded(task.clone());
        record(&mut loaded.deliveries, &task, vec![first(1, deferred_until(5))]);
        let mut deliveries = loaded.deliveries.clone();
        let (active, jobs) = ActiveTask::begin(loaded, 0.5, at(1));
        assert_eq!(jobs.len(), 1, "the other one");
        let due = active.come_due(at(6));
        assert_eq!(due.iter().map(|job| job.attempt).collect::<Vec<_>>(), [2]);

        let again = vec![first(2, deferred_until(9))];
        let change = active.change(again.clone(), Vec::new(), Members::NONE);
        assert!(!change.in_memory.contains(due[0].member));
        assert!(active.come_due(at(7)).is_empty(), "the attempt has been made");
        record(&mut deliveries, &task, again);
        active.settled(Settled { deliveries, sequence: 2, next: Next::Kept });
        assert!(active.come_due(at(8)).is_empty(), "it is not due yet");
        assert_eq!(active.come_due(at(9)).iter().map(|job| job.attempt).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn nobody_gets_a_job_of_a_task_that_is_being_given_back_to_the_queue() {
        let task = task(1, 200, 2);
        let mut loaded = loaded(task.clone());
        record(&mut loaded.deliveries, &task, vec![first(1, deferred_until(5))]);
        let deliveries = loaded.deliveries.clone();
        let (active, jobs) = ActiveTask::begin(loaded, 0.5, at(1));
        let last = MemberOutcome { member: jobs[0].member, ..first(1, deferred_until(9)) };
        active.change(vec![last], Vec::new(), Members::NONE);
        assert!(active.come_due(at(6)).is_empty(), "the next claim has them");
        active.settled(Settled { deliveries, sequence: 2, next: Next::Kept });
        assert_eq!(active.come_due(at(6)).len(), 1, "it was kept after all");
    }
}
