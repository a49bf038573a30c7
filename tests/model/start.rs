//! Where a search begins: which tasks the chunk has, and how much may go wrong.

use crate::rules::Member;
use crate::state::{Database, MEMBERS, Members, OWNERS, Owner, OwnerRow, State, Stream, TASKS, Task, Work};

/// Generations of a member: the first send, and one that a person orders.
pub(crate) const GENERATIONS: u8 = 2;

/// A place where an owner can register.
pub(crate) const NOBODY: Owner = Owner {
    name: 0,
    is_alive: false,
    claims: [None; TASKS],
    work: [Work::None; MEMBERS],
    start: [0; MEMBERS],
    seen: EMPTY,
};

const EMPTY: Stream = Stream { sequence: 0, members: [Member::NEW; MEMBERS], generations: [1; MEMBERS] };

/// How the members of the chunk are spread over tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One task of two members.
    Together,
    /// Two tasks of one member each, so that two owners write one stream.
    Apart,
}

/// What may happen in one run, at most so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Crashes, fences of owners that live, and cut answers.
    pub(crate) faults: u8,
    /// Statements of the database whose answer is lost.
    pub(crate) lost_answers: u8,
    /// Sends that turn out not to have left the process.
    pub(crate) unsent: u8,
    /// Attempts that the provider defers.
    pub(crate) deferred: u8,
    /// Orders to cancel a task.
    pub(crate) cancels: u8,
    /// Orders to send a member again, which raise its generation.
    pub(crate) orders: u8,
    /// Members that end without a send.
    pub(crate) suppressed: u8,
}

/// A run in which nothing goes wrong.
pub(crate) const NOTHING: Bounds =
    Bounds { faults: 0, lost_answers: 0, unsent: 0, deferred: 0, cancels: 0, orders: 0, suppressed: 0 };

impl Layout {
    fn tasks(self) -> [Task; TASKS] {
        let of = |members| Task { members, attempt: 1, ..Task::NONE };
        match self {
            Self::Together => [of(Members(0b11)), Task::NONE],
            Self::Apart => [of(Members::one(0)), of(Members::one(1))],
        }
    }
}

/// A chunk that nobody has claimed, and two owners.
pub(crate) fn start(layout: Layout, bounds: Bounds) -> State {
    let mut owners = [NOBODY; OWNERS];
    let mut rows = [OwnerRow::default(); OWNERS];
    for place in 0..2 {
        owners[place] = Owner { name: place as u8 + 1, is_alive: true, ..NOBODY };
        rows[place].registered = true;
    }
    State {
        db: Database { tasks: layout.tasks(), stream: EMPTY, owners: rows, illegal: None },
        owners,
        view: None,
        unanswered: None,
        ledger: [[0; GENERATIONS as usize]; MEMBERS],
        left: bounds,
        in_flight_at_fault: Members::NONE,
        resolved: Members::NONE,
        names: 2,
    }
}
