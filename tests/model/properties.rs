//! The properties: what must hold in every state, and at every end.

use crate::rules::Member;
use crate::state::{MEMBERS, State};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// P2: the provider accepted one member twice in one generation.
    AcceptedTwice,
    /// P1: an event was appended that its history does not allow, such as a second final outcome.
    IllegalEvent,
    /// P1: recorded as accepted, and the provider's ledger has no such message.
    NotInLedger,
    /// P1: the provider accepted, and the final outcome is a failure.
    AcceptanceLost,
    /// P1: a run ended without a final outcome of a member.
    NoOutcome,
    /// P1: from here no good end can be reached unless another fault happens: something is left that nobody will do.
    Stuck,
    /// P3: in doubt, and its send was not in flight at any fault.
    NeedlessDoubt,
    /// P3: in doubt, although an owner has settled the provider's answer.
    DoubtAfterAnswer,
}

/// What must hold at every moment.
pub(crate) fn of_state(state: &State) -> Option<Violation> {
    if state.db.illegal.is_some() {
        return Some(Violation::IllegalEvent);
    }
    (0..MEMBERS).find_map(|member| {
        let recorded = state.db.stream.members[member];
        let is_in_doubt = matches!(recorded, Member::InDoubt { .. });
        if state.ledger[member].iter().any(|accepted| *accepted > 1) {
            return Some(Violation::AcceptedTwice);
        }
        match accepted(state, member) {
            0 if recorded == Member::Accepted => Some(Violation::NotInLedger),
            _ if is_in_doubt && !state.in_flight_at_fault.has(member) => Some(Violation::NeedlessDoubt),
            _ if is_in_doubt && state.resolved.has(member) => Some(Violation::DoubtAfterAnswer),
            _ => None,
        }
    })
}

/// What must hold at an end: where nothing can happen any more but another fault.
pub(crate) fn of_end(state: &State) -> Option<Violation> {
    if !state.is_done() {
        return Some(Violation::Stuck);
    }
    (0..MEMBERS).find_map(|member| match (state.db.stream.members[member], accepted(state, member)) {
        (Member::Open { .. }, _) => Some(Violation::NoOutcome),
        (Member::Failed, 1) => Some(Violation::AcceptanceLost),
        _ => None,
    })
}

/// What the provider accepted of a member's current generation. What it accepted of an earlier one is no longer asked for:
/// a person ordered another.
fn accepted(state: &State, member: usize) -> u8 {
    state.ledger[member][usize::from(state.db.stream.generations[member]) - 1]
}
