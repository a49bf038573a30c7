//! What becomes of a task after a settlement.

use chrono::{DateTime, Utc};
use domain::deliveries::{Deliveries, State};
use domain::value::{Members, first_members};

/// What becomes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It stays with its owner.
    Kept,
    /// It is nobody's, and waits.
    Requeued,
    /// Nobody of the chunk is open: it is gone.
    Finished,
    /// It is not the owner's any more, or never was; also the answer to a commit that is repeated because its answer was
    /// lost.
    Lost,
}

/// What is to be done with the row of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Keep,
    /// It waits again for the members that are open.
    Requeue {
        /// Until the first of them may be tried.
        due_at: DateTime<Utc>,
        /// How many there are.
        people: usize,
    },
    /// It goes.
    Finish,
}

/// What becomes of a task by the deliveries as they stand after its change. `in_memory` are the members that its owner works
/// on: while one of them is open, it keeps the task. Those who are pending are due at a time.
pub(super) fn step(
    after: &Deliveries,
    chunk_people: usize,
    in_memory: Members,
    pending_due: DateTime<Utc>,
) -> Step {
    let open = after.open_among(first_members(chunk_people));
    if open.is_empty() {
        return Step::Finish;
    }
    if open.without(in_memory) != open {
        return Step::Keep;
    }
    let due = |member| match after.get(member).state {
        State::Deferred { until, .. } => until,
        _ => pending_due,
    };
    Step::Requeue { due_at: open.iter().map(due).min().unwrap_or(pending_due), people: open.len() }
}

impl Step {
    /// What the owner is told, if the row was still as the change expected it.
    pub(super) const fn next(self) -> Next {
        match self {
            Self::Keep => Next::Kept,
            Self::Requeue { .. } => Next::Requeued,
            Self::Finish => Next::Finished,
        }
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::Aggregate;
    use domain::deliveries::{
        Action, Cause, DeliveriesCommand, Evidence, Failure, FailureClass, MemberOutcome, Outcome,
    };
    use domain::value::Member;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time within range")
    }

    fn members(text: &str) -> Members {
        text.parse().expect("members")
    }

    fn deferred(until: i64) -> Outcome {
        let cause = Cause { class: FailureClass::Transient, evidence: Evidence::default() };
        let failure = Failure { provider: Some("uno".into()), cause, detail: None };
        Outcome::Deferred { since: at(0), until: at(until), failure }
    }

    fn after(outcomes: &[(u16, Outcome)]) -> Deliveries {
        let outcome = |(number, outcome): &(u16, Outcome)| MemberOutcome {
            member: Member::try_new(*number).expect("a member"),
            generation: 1,
            attempt: 1,
            outcome: outcome.clone(),
            passed_on: Vec::new(),
        };
        let action = Action::RecordOutcomes(outcomes.iter().map(outcome).collect());
        let (notification, company) = (Uuid::nil().into(), Uuid::nil().into());
        let mut deliveries = Deliveries::default();
        let decided = deliveries.decide_each(DeliveriesCommand { notification, company, action });
        deliveries.apply(decided.event.expect("an event"));
        deliveries
    }

    fn accepted() -> Outcome {
        Outcome::Accepted { provider: "uno".into(), reference: "r".into() }
    }

    #[test]
    fn a_task_of_which_nobody_is_open_is_finished() {
        let done = after(&[(1, accepted()), (2, Outcome::Cancelled)]);
        assert_eq!(step(&done, 2, Members::NONE, at(9)), Step::Finish);
        assert_eq!(step(&Deliveries::default(), 0, Members::NONE, at(9)), Step::Finish);
    }

    #[test]
    fn a_task_whose_open_members_are_in_memory_is_kept() {
        let part = after(&[(1, accepted()), (2, deferred(60))]);
        assert_eq!(step(&part, 3, members("3"), at(9)), Step::Keep);
    }

    #[test]
    fn a_task_with_only_deferred_members_waits_for_the_first_of_them() {
        let part = after(&[(1, deferred(90)), (2, deferred(60)), (3, accepted())]);
        let waits = Step::Requeue { due_at: at(60), people: 2 };
        assert_eq!(step(&part, 3, Members::NONE, at(9)), waits);
        assert_eq!(step(&part, 3, members("3"), at(9)), waits, "who has an outcome keeps nothing");
    }

    #[test]
    fn those_who_are_set_aside_wait_until_their_time_but_for_those_who_are_deferred_to_an_earlier_one() {
        let part = after(&[(1, accepted()), (2, deferred(60))]);
        let waits = |due| Step::Requeue { due_at: at(due), people: 2 };
        assert_eq!(step(&part, 3, Members::NONE, at(90)), waits(60));
        assert_eq!(step(&part, 3, Members::NONE, at(40)), waits(40));
    }

    #[test]
    fn a_task_that_is_let_go_before_anything_was_sent_is_due_at_once() {
        let let_go = step(&Deliveries::default(), 500, Members::NONE, at(9));
        assert_eq!(let_go, Step::Requeue { due_at: at(9), people: 500 });
    }
}
