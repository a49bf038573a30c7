//! A task that this owner sends: the people of a chunk, and which of them are still in its hands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::deliveries::{Deliveries, MemberOutcome, State};
use domain::notification::{Addressee, Recipient};
use domain::value::{DeliveryId, Member, Members, Ordinal, first_members};

use super::job::Job;
use crate::tasks::load::Loaded;
use crate::tasks::settle::{Change, Next, Settled};
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
    /// Whom this owner is still working on: buffered, being sent, or held until a refusal is understood.
    in_memory: Members,
    /// When the first of those who are deferred is due.
    next_due: Option<DateTime<Utc>>,
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
        let progress = Progress { deliveries, sequence, in_memory, next_due, is_over: false };
        let active = Arc::new(Self { task, recipients, chance, progress: Mutex::new(progress) });
        let mut jobs: Vec<Job> = in_memory.iter().map(|member| active.job(member)).collect();
        jobs.append(&mut active.come_due(now));
        (active, jobs)
    }

    /// Who and where; none if the person was erased.
    pub(super) fn addressee(&self, member: Member) -> Option<&Addressee> {
        self.recipients.get(member.index()).and_then(|recipient| recipient.addressee.get())
    }

    /// The person.
    pub(super) fn recipient(&self, member: Member) -> Option<&Recipient> {
        self.recipients.get(member.index())
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

    /// Stops working on everybody but those who are being sent to.
    pub(super) fn let_go_but(&self, in_flight: Members) {
        let mut progress = self.progress();
        progress.in_memory = progress.in_memory.without(progress.in_memory.without(in_flight));
    }

    /// What is to be settled when these outcomes are known.
    pub(super) fn change(&self, outcomes: Vec<MemberOutcome>) -> Change {
        let mut progress = self.progress();
        let settled: Members = outcomes.iter().map(|outcome| outcome.member).collect();
        progress.in_memory = progress.in_memory.without(settled);
        Change {
            task: self.task.clone(),
            deliveries: progress.deliveries.clone(),
            sequence: progress.sequence,
            outcomes,
            in_memory: progress.in_memory,
        }
    }

    /// Takes in what was settled. Returns jobs for members whom a retry has opened again meanwhile.
    pub(super) fn settled(self: &Arc<Self>, settled: Settled) -> Vec<Job> {
        let Settled { deliveries, sequence, next } = settled;
        let mut progress = self.progress();
        let before = std::mem::replace(&mut progress.deliveries, deliveries);
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
        if progress.is_over || progress.next_due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        let is_due = |member: &Member| match progress.deliveries.get(*member).state {
            State::Deferred { until, .. } => until <= now && !progress.in_memory.contains(*member),
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
        let since = match delivery.state {
            State::Deferred { since, .. } => Some(since),
            _ => None,
        };
        Job {
            task: Arc::clone(self),
            member,
            generation: delivery.generation,
            attempt: delivery.attempt + 1,
            since,
            not_before: None,
            refused_by: Vec::new(),
            elsewhere_until: None,
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
