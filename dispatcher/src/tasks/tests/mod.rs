//! Tasks on a real PostgreSQL: what is promised of claims, marks, settlements, fences and completion.

mod claims;
mod crowd;
mod fences;
mod pauses;
mod settlements;
mod withdrawals;
pub(crate) mod world;

use embedded::GuardCommand;

/// Not a rule: what this binary runs to become the guard of a server.
#[test]
fn guard_entry() {
    GuardCommand::run_if_guard();
}
