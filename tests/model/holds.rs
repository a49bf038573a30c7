//! The protocol holds in every run, and every run of it is a trace that the rules allow.

use crate::observe::trace;
use crate::rules::Member;
use crate::search::{Run, ends, search};
use crate::start::{Bounds, Layout, NOTHING, start};
use crate::state::State;
use crate::trace::{Entry, accepts};
use crate::variant::Variant;

fn holds(layout: Layout, bounds: Bounds) {
    let found = search(Variant::Sound, layout, bounds, None);
    assert!(found.violation.is_none(), "{layout:?} {bounds:?}: {found}");
}

#[test]
fn it_holds_through_two_faults_and_a_lost_answer_of_the_database() {
    holds(Layout::Together, Bounds { faults: 2, lost_answers: 1, ..NOTHING });
}

#[test]
fn two_owners_of_one_chunk_hold_through_two_faults_and_a_lost_answer_of_the_database() {
    holds(Layout::Apart, Bounds { faults: 2, lost_answers: 1, ..NOTHING });
}

#[test]
fn retries_hold_through_faults() {
    holds(Layout::Together, Bounds { faults: 2, deferred: 2, ..NOTHING });
    holds(Layout::Together, Bounds { faults: 1, lost_answers: 1, deferred: 1, ..NOTHING });
    holds(Layout::Apart, Bounds { faults: 1, deferred: 2, ..NOTHING });
}

#[test]
fn unsent_starts_hold_through_a_fault_and_a_lost_answer_of_the_database() {
    holds(Layout::Together, Bounds { faults: 1, lost_answers: 1, unsent: 1, ..NOTHING });
    holds(Layout::Apart, Bounds { faults: 1, unsent: 1, ..NOTHING });
}

#[test]
fn suppressed_members_hold_through_a_fault() {
    holds(Layout::Together, Bounds { faults: 1, suppressed: 1, deferred: 1, ..NOTHING });
    holds(Layout::Apart, Bounds { faults: 1, suppressed: 1, ..NOTHING });
}

#[test]
fn orders_to_send_again_hold_through_a_fault() {
    holds(Layout::Together, Bounds { faults: 1, orders: 1, deferred: 1, ..NOTHING });
    holds(Layout::Apart, Bounds { faults: 1, orders: 1, ..NOTHING });
}

#[test]
fn cancelled_tasks_hold_through_a_fault_and_a_lost_answer_of_the_database() {
    holds(Layout::Together, Bounds { faults: 1, lost_answers: 1, cancels: 1, ..NOTHING });
    holds(Layout::Apart, Bounds { faults: 1, cancels: 1, ..NOTHING });
}

/// A search that never meets these would hold for nothing.
#[test]
fn runs_meet_doubts_their_ends_and_retries() {
    let bounds = Bounds { faults: 1, deferred: 1, ..NOTHING };
    let runs = ends(Layout::Together, bounds);
    let is_in_doubt = |state: &State| matches!(state.db.stream.members[0], Member::InDoubt { .. });
    let last = |run: &Run| run.last().map(|(_, state)| *state);
    let some_run =
        |is: &dyn Fn(&Run, State) -> bool| runs.iter().any(|run| last(run).is_some_and(|end| is(run, end)));
    assert!(
        some_run(&|_, end| is_in_doubt(&end) && end.ledger[0] == [1, 0]),
        "an acceptance whose answer was lost"
    );
    assert!(some_run(&|_, end| is_in_doubt(&end) && end.ledger[0] == [0, 0]), "a request that was lost");
    assert!(
        some_run(&|run, end| {
            end.db.stream.members[0] == Member::Accepted && run.iter().any(|(_, state)| is_in_doubt(state))
        }),
        "a doubt that ended"
    );
    assert!(some_run(&|run, _| run.iter().any(|(_, state)| state.db.tasks[0].attempt == 2)), "a retry");
}

#[test]
fn every_run_is_a_trace_that_the_rules_allow() {
    for (layout, bounds) in [
        (Layout::Together, Bounds { faults: 1, lost_answers: 1, ..NOTHING }),
        (Layout::Together, Bounds { faults: 1, deferred: 2, ..NOTHING }),
        (Layout::Together, Bounds { faults: 1, orders: 1, unsent: 1, ..NOTHING }),
        (Layout::Apart, Bounds { faults: 1, suppressed: 1, cancels: 1, ..NOTHING }),
    ] {
        let runs = ends(layout, bounds);
        assert!(!runs.is_empty());
        for run in runs {
            let trace = trace(start(layout, bounds), &run);
            let written: Vec<String> = trace.iter().map(Entry::to_string).collect();
            assert_eq!(accepts(&trace), Ok(()), "{}", written.join("\n"));
        }
    }
}
