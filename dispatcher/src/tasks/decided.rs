//! A change as it is decided: the event, the deliveries after it, and what becomes of the task.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::deliveries::{
    Action, Deliveries, DeliveriesCommand, DeliveriesEvent, MemberOutcome, Outcome, Refusal, Totals,
    deliveries_stream,
};
use domain::value::NotificationId;

use super::next::{Next, Step, step};
use super::settle::{Change, Settled};
use super::store::RowStep;

/// A change as it is decided.
pub(super) struct Decided<'a> {
    pub(super) change: &'a Change,
    /// The deliveries with the event.
    pub(super) after: Deliveries,
    pub(super) event: Option<DeliveriesEvent>,
    refused: Vec<Refusal>,
    pub(super) step: Step,
}

impl Decided<'_> {
    pub(super) fn is_finished(&self) -> bool {
        self.step == Step::Finish
    }

    /// What becomes of the task's row. It is locked also where it is kept, if something is recorded that only its owner may
    /// say.
    pub(super) fn row(&self) -> RowStep<'_> {
        RowStep { task: &self.change.task, step: self.step, is_locked: self.change.needs_owner() }
    }

    /// The event's place in the stream is the fence of a change; one without an event has none.
    pub(super) fn needs_fence(&self) -> bool {
        self.event.is_none() && self.step != Step::Keep
    }
}

pub(super) fn stream(change: &Change) -> String {
    deliveries_stream(change.task.id.notification, change.task.id.chunk)
}

/// An outcome that comes too late, because the generation is settled already, is none.
pub(super) fn decide(change: &Change, now: DateTime<Utc>) -> Decided<'_> {
    let command = DeliveriesCommand {
        notification: change.task.id.notification,
        company: change.task.company,
        action: Action::RecordOutcomes(change.outcomes.clone()),
    };
    let decided = change.deliveries.decide_each(command);
    let after = match &decided.event {
        Some(event) => change.deliveries.after(event),
        None => change.deliveries.clone(),
    };
    let pending_due = change.aside_until.map_or(now, |until| until.max(now));
    let step = step(&after, change.task.chunk_people, change.in_memory, pending_due);
    Decided { change, after, event: decided.event, refused: decided.refused, step }
}

pub(super) fn deltas(decided: &[Decided<'_>]) -> Vec<(NotificationId, Totals)> {
    let mut deltas = BTreeMap::<NotificationId, Totals>::new();
    for Decided { change, after, .. } in decided.iter().filter(|decided| decided.event.is_some()) {
        *deltas.entry(change.task.id.notification).or_default() +=
            after.totals() - change.deliveries.totals();
    }
    deltas.into_iter().filter(|(_, delta)| *delta != Totals::default()).collect()
}

pub(super) fn settled((decided, is_ours): (Decided<'_>, bool)) -> Settled {
    Settled {
        sequence: decided.change.sequence + i64::from(decided.event.is_some()),
        next: if is_ours { decided.step.next() } else { Next::Lost },
        deliveries: decided.after,
    }
}

pub(super) fn count(decided: &Decided<'_>) {
    let Decided { change, refused, .. } = decided;
    let is_refused =
        |outcome: &&MemberOutcome| refused.iter().any(|refusal| refusal.member == outcome.member);
    for outcome in change.outcomes.iter().filter(|outcome| !is_refused(outcome)) {
        let (channel, outcome) = (change.task.channel.as_str(), name(&outcome.outcome));
        metrics::counter!("mensajeria_sends_total", "channel" => channel, "outcome" => outcome).increment(1);
    }
}

/// How metrics call it.
const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Deferred { .. } => "deferred",
        Outcome::Failed(_) => "failed",
        Outcome::Suppressed { .. } => "suppressed",
        Outcome::InDoubt { .. } => "in_doubt",
        Outcome::Cancelled => "cancelled",
    }
}
