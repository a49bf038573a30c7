//! One state of the model: the database, the memory of each owner, the provider's ledger, and what is in flight.

use crate::answers::Answer;
use crate::rules::{Member, Outcome};
use crate::start::{Bounds, GENERATIONS};
use crate::statement::Statement;
use crate::variant::Variant;

/// People in the chunk.
pub(crate) const MEMBERS: usize = 2;
/// Rows of `send_tasks` that the chunk can have at once.
pub(crate) const TASKS: usize = 2;
/// Owners that can exist at once: two that live, and one that is fenced and has not come to its end.
pub(crate) const OWNERS: usize = 3;
/// Owners that work at once.
pub(crate) const OWNERS_LIVE_MAX: usize = 2;

/// A set of members, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Members(pub(crate) u8);

impl Members {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn one(member: usize) -> Self {
        Self(1 << member)
    }

    pub(crate) const fn has(self, member: usize) -> bool {
        self.0 & (1 << member) != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The members that satisfy a condition.
    pub(crate) fn that(holds: impl Fn(usize) -> bool) -> Self {
        (0..MEMBERS).filter(|member| holds(*member)).fold(Self::NONE, |all, member| all.or(Self::one(member)))
    }

    pub(crate) fn each(self) -> impl Iterator<Item = usize> {
        (0..MEMBERS).filter(move |member| self.has(*member))
    }

    /// Every subset that is not empty.
    pub(crate) fn subsets(self) -> impl Iterator<Item = Self> {
        (1..1u8 << MEMBERS).map(Self).filter(move |set| set.and(self) == *set)
    }

    /// The same with the two members exchanged.
    pub(crate) const fn swapped(self) -> Self {
        Self((self.0 >> 1 | self.0 << 1) & 3)
    }
}

/// The aggregate `Deliveries` of the chunk, folded from its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) sequence: u8,
    pub(crate) members: [Member; MEMBERS],
    /// The generation that `members` speaks of, a member: raised by an order to send again.
    pub(crate) generations: [u8; MEMBERS],
}

impl Stream {
    /// The members of a task without an outcome of its attempt.
    pub(crate) fn awaiting(&self, task: &Task, variant: Variant) -> Members {
        Members::that(|member| {
            self.is_of(member, task.generation, variant) && self.members[member].awaits(task.attempt)
        })
        .and(task.members)
    }

    /// The members of a task without a final outcome.
    pub(crate) fn open(&self, task: &Task, variant: Variant) -> Members {
        Members::that(|member| {
            self.is_of(member, task.generation, variant)
                && matches!(self.members[member], Member::Open { .. })
        })
        .and(task.members)
    }

    /// Whether a member has not been ordered again since.
    pub(crate) fn is_of(&self, member: usize, generation: u8, variant: Variant) -> bool {
        self.generations[member] == generation || variant == Variant::IgnoreGeneration
    }
}

/// A row of `send_tasks`; no members: there is no such row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) members: Members,
    pub(crate) generation: u8,
    pub(crate) attempt: u8,
    pub(crate) owner: Option<u8>,
    /// The fencing token: raised by each claim and each return.
    pub(crate) epoch: u8,
    /// Rows of `send_starts` of this epoch.
    pub(crate) marks: Marks,
}

/// The start marks of one task and epoch: sets of start numbers, one bit each, a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    pub(crate) starts: [u8; MEMBERS],
    /// Starts of which the owner says that nothing was sent.
    pub(crate) unsent: [u8; MEMBERS],
}

impl Marks {
    /// Members with a start that no mark calls unsent.
    pub(crate) fn started(&self) -> Members {
        Members::that(|member| self.starts[member] & !self.unsent[member] != 0)
    }
}

impl Task {
    pub(crate) const NONE: Self = Self {
        members: Members::NONE,
        generation: 1,
        attempt: 0,
        owner: None,
        epoch: 0,
        marks: Marks { starts: [0; MEMBERS], unsent: [0; MEMBERS] },
    };

    pub(crate) const fn exists(&self) -> bool {
        !self.members.is_empty()
    }
}

/// A row of `send_owners`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OwnerRow {
    pub(crate) registered: bool,
    pub(crate) fenced: bool,
}

/// PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) tasks: [Task; TASKS],
    pub(crate) stream: Stream,
    pub(crate) owners: [OwnerRow; OWNERS],
    /// What an event said of a member that its history does not allow, and of which attempt.
    pub(crate) illegal: Option<(u8, u8, Outcome)>,
}

/// What an owner remembers of a task it has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) epoch: u8,
    pub(crate) generation: u8,
    pub(crate) attempt: u8,
    /// The members that still need work.
    pub(crate) members: Members,
}

/// How far an owner is with one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Not the owner's, or done.
    None,
    /// Claimed, not started.
    Held,
    /// Marked, and about to reach the provider or waiting for its answer. Outlives the owner's process.
    InFlight,
    /// Answered, to be settled.
    Answered(Answer),
}

/// The memory of one owner's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Its name in traces.
    pub(crate) name: u8,
    pub(crate) is_alive: bool,
    pub(crate) claims: [Option<Claim>; TASKS],
    pub(crate) work: [Work; MEMBERS],
    /// How many starts of each member's claim turned out unsent: the next start has this number.
    pub(crate) start: [u8; MEMBERS],
    /// The aggregate as it was when it was last loaded.
    pub(crate) seen: Stream,
}

impl Owner {
    /// Members in a state of work.
    pub(crate) fn members(&self, is: impl Fn(Work) -> bool) -> Members {
        Members::that(|member| is(self.work[member]))
    }

    /// The claim under which the owner works on a member.
    pub(crate) fn claim_of(&self, member: usize) -> Option<Claim> {
        self.claims.iter().flatten().find(|claim| claim.members.has(member)).copied()
    }

    /// Forgets the members and claims of which no work is left.
    pub(crate) fn drop_done_claims(&mut self) {
        let busy = self.members(|work| work != Work::None);
        for place in &mut self.claims {
            if let Some(claim) = place {
                claim.members = claim.members.and(busy);
                *place = Some(*claim).filter(|claim| !claim.members.is_empty());
            }
        }
    }
}

/// What a housekeeper has read of a fenced owner's task, before it takes the task back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) task: u8,
    pub(crate) epoch: u8,
    pub(crate) started: Members,
    pub(crate) seen: Stream,
}

/// One state of the whole model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) db: Database,
    pub(crate) owners: [Owner; OWNERS],
    pub(crate) view: Option<View>,
    /// A statement whose client gave up waiting for the answer: it may be committed at any later time, or never.
    pub(crate) unanswered: Option<Statement>,
    /// The provider's own record: messages accepted, a member and generation.
    pub(crate) ledger: [[u8; GENERATIONS as usize]; MEMBERS],
    /// How often each kind of event may still happen.
    pub(crate) left: Bounds,
    /// Members whose send was under way when a fault happened: only they may be in doubt.
    pub(crate) in_flight_at_fault: Members,
    /// Members whose acceptance or refusal an owner has settled: they must not be in doubt.
    pub(crate) resolved: Members,
    /// Names given to owners.
    pub(crate) names: u8,
}

impl State {
    /// Owners that may claim.
    pub(crate) fn live_owners(&self) -> usize {
        (0..OWNERS).filter(|owner| self.is_live(*owner)).count()
    }

    /// Whether an owner's process runs and its row is not fenced.
    pub(crate) fn is_live(&self, owner: usize) -> bool {
        self.db.owners[owner].registered && !self.db.owners[owner].fenced && self.owners[owner].is_alive
    }

    /// Whether no task, no work and no statement is left.
    pub(crate) fn is_done(&self) -> bool {
        self.db.tasks.iter().all(|task| !task.exists())
            && self.owners.iter().all(|owner| owner.work.iter().all(|work| *work == Work::None))
            && self.unanswered.is_none()
    }
}
