//! Replays a trace against the rules of the model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Entry, Ordinal};
use crate::rules::{Illegal, Member, Outcome, apply};

/// A trace that the rules do not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// The entry, counted from 0; none: the end of the trace.
    pub(crate) at: Option<usize>,
    pub(crate) reason: Reason,
}

/// What a trace must not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// An owner claims or marks after its fence.
    Fenced { owner: String },
    /// A claim of a task that has an owner.
    TaskOwned { task: String },
    /// A claim or return that does not raise the epoch.
    EpochNotRaised { task: String },
    /// Two tasks of one generation have the same member.
    InTwoTasks { member: Ordinal },
    /// A task that never came, or is gone.
    NoSuchTask { task: String },
    /// A mark by somebody who does not hold the task under this epoch.
    NotHeld { task: String },
    /// A mark of an attempt that is not the member's next one, or of a member that is not of the task.
    NotAwaited { member: Ordinal },
    /// The provider accepted a message that no mark announced.
    SentWithoutMark { member: Ordinal },
    /// P2: the provider accepted twice in one generation.
    AcceptedTwice { member: Ordinal },
    /// An outcome of a send that no mark announced.
    OutcomeWithoutMark { member: Ordinal },
    /// An outcome of a generation that is not the member's.
    Superseded { member: Ordinal },
    /// A final outcome after another, and no doubt that it ends.
    SecondFinalOutcome { member: Ordinal },
    /// An outcome of an attempt that has its own, or of one that comes after the next.
    WrongAttempt { member: Ordinal },
    /// Events of the chunk's stream that do not follow each other.
    SequenceGap { sequence: u64 },
    /// A started member without an outcome waits as if it had not been sent.
    StartedReturned { member: Ordinal },
    /// A member waits that has its final outcome, or whose generation was not ordered.
    EndedReturned { member: Ordinal },
    /// P1: a task went, or waits again, without a member that is open.
    Forgotten { member: Ordinal },
    /// An order to send again a member that is neither failed nor in doubt.
    NotToBeOrdered { member: Ordinal },
    /// P1: the trace ends without a final outcome of a member.
    NoOutcome { member: Ordinal },
    /// P1: the provider accepted, and the member is recorded as failed.
    AcceptanceLost { member: Ordinal },
    /// P1: recorded as accepted, and the ledger does not know it.
    NotInLedger { member: Ordinal },
    /// P1: the trace ends, and a task is left.
    TaskLeft { task: String },
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "entry {at}: {:?}", self.reason),
            None => write!(f, "at the end: {:?}", self.reason),
        }
    }
}

/// Whether the rules allow a whole run of one chunk, from its first claim until nothing is left to do.
pub(crate) fn accepts(trace: &[Entry]) -> Result<(), Rejected> {
    let mut replay = Replay::default();
    for (at, entry) in trace.iter().enumerate() {
        replay.enter(entry).map_err(|reason| Rejected { at: Some(at), reason })?;
    }
    replay.end().map_err(|reason| Rejected { at: None, reason })
}

#[derive(Default)]
struct Replay {
    fenced: BTreeSet<String>,
    tasks: BTreeMap<String, Task>,
    members: BTreeMap<Ordinal, History>,
    sequence: u64,
}

struct Task {
    epoch: u64,
    owner: Option<String>,
    /// The generation in which each member is of the task.
    members: BTreeMap<Ordinal, u32>,
    /// Starts of this epoch that were not taken back, with their generation and attempt.
    starts: BTreeMap<(Ordinal, u32), (u32, u8)>,
}

impl Task {
    /// Every claim and every return has a higher epoch than the last.
    fn raise(&mut self, name: &str, epoch: u64) -> Result<(), Reason> {
        if epoch <= self.epoch {
            return Err(Reason::EpochNotRaised { task: name.to_owned() });
        }
        self.epoch = epoch;
        Ok(())
    }
}

struct History {
    generation: u32,
    state: Member,
    /// Generations and attempts for which a mark was ever committed.
    marked: BTreeSet<(u32, u8)>,
    accepted: BTreeSet<u32>,
}

impl Default for History {
    fn default() -> Self {
        Self { generation: 1, state: Member::NEW, marked: BTreeSet::new(), accepted: BTreeSet::new() }
    }
}

impl History {
    /// Whether this attempt is the next one.
    fn awaits_next(&self, generation: u32, attempt: u8) -> bool {
        self.generation == generation && matches!(self.state, Member::Open { ended } if ended + 1 == attempt)
    }

    /// Whether this attempt was started, for all that the stream says, and has no outcome.
    fn awaits(&self, generation: u32, attempt: u8) -> bool {
        self.generation == generation && self.state.awaits(attempt)
    }

    fn is_open(&self, generation: u32) -> bool {
        self.generation == generation && matches!(self.state, Member::Open { .. })
    }
}

impl Replay {
    fn enter(&mut self, entry: &Entry) -> Result<(), Reason> {
        match entry {
            Entry::Queued { task, generation, members } => {
                let task_of =
                    Task { epoch: 0, owner: None, members: BTreeMap::new(), starts: BTreeMap::new() };
                self.tasks.insert(task.clone(), task_of);
                self.join(task, *generation, members)
            }
            Entry::Joined { task, generation, members } => self.join(task, *generation, members),
            Entry::Claimed { task, epoch, owner } => self.claim(task, *epoch, owner),
            Entry::Marked { task, epoch, owner, start, generation, attempt, members } => {
                self.held(task, *epoch, owner)?;
                let of = (*generation, *attempt);
                members.iter().try_for_each(|member| self.mark(task, (*member, *start), of))
            }
            Entry::Unsent { task, epoch, start, members } => {
                if let Some(task) = self.tasks.get_mut(task).filter(|task| task.epoch == *epoch) {
                    task.starts.retain(|(member, of), _| of != start || !members.contains(member));
                }
                Ok(())
            }
            Entry::Accepted { generation, member } => self.accept(*generation, *member),
            Entry::Settled { generation, attempt, outcome, members, sequence } => {
                self.follow(*sequence)?;
                members.iter().try_for_each(|member| self.settle(*member, *generation, *attempt, *outcome))
            }
            Entry::Fenced { owner } => {
                self.fenced.insert(owner.clone());
                Ok(())
            }
            Entry::Requeued { task, epoch, members } => self.requeue(task, *epoch, members),
            Entry::Finished { task } => self.finish(task),
            Entry::Ordered { generation, members, sequence } => {
                self.follow(*sequence)?;
                members.iter().try_for_each(|member| self.order(*member, *generation))
            }
        }
    }

    fn join(&mut self, name: &str, generation: u32, members: &[Ordinal]) -> Result<(), Reason> {
        for member in members {
            if self.tasks.values().any(|task| task.members.get(member) == Some(&generation)) {
                return Err(Reason::InTwoTasks { member: *member });
            }
            if !self.members.entry(*member).or_default().is_open(generation) {
                return Err(Reason::EndedReturned { member: *member });
            }
            self.task(name)?.members.insert(*member, generation);
        }
        Ok(())
    }

    fn claim(&mut self, name: &str, epoch: u64, owner: &str) -> Result<(), Reason> {
        if self.fenced.contains(owner) {
            return Err(Reason::Fenced { owner: owner.to_owned() });
        }
        let task = self.task(name)?;
        if task.owner.is_some() {
            return Err(Reason::TaskOwned { task: name.to_owned() });
        }
        task.raise(name, epoch)?;
        task.owner = Some(owner.to_owned());
        Ok(())
    }

    fn task(&mut self, name: &str) -> Result<&mut Task, Reason> {
        self.tasks.get_mut(name).ok_or_else(|| Reason::NoSuchTask { task: name.to_owned() })
    }

    fn held(&self, name: &str, epoch: u64, owner: &str) -> Result<(), Reason> {
        if self.fenced.contains(owner) {
            return Err(Reason::Fenced { owner: owner.to_owned() });
        }
        let is_held = |task: &&Task| task.epoch == epoch && task.owner.as_deref() == Some(owner);
        match self.tasks.get(name).filter(is_held) {
            Some(_) => Ok(()),
            None => Err(Reason::NotHeld { task: name.to_owned() }),
        }
    }

    fn mark(&mut self, name: &str, start: (Ordinal, u32), of: (u32, u8)) -> Result<(), Reason> {
        let (member, _) = start;
        let history = self.members.entry(member).or_default();
        let is_next = history.awaits_next(of.0, of.1);
        let is_of_it = self.tasks.get(name).is_some_and(|task| task.members.get(&member) == Some(&of.0));
        if !is_next || !is_of_it {
            return Err(Reason::NotAwaited { member });
        }
        history.marked.insert(of);
        self.task(name)?.starts.insert(start, of);
        Ok(())
    }

    fn accept(&mut self, generation: u32, member: Ordinal) -> Result<(), Reason> {
        let history = self.members.entry(member).or_default();
        if !history.marked.iter().any(|(of, _)| *of == generation) {
            return Err(Reason::SentWithoutMark { member });
        }
        if !history.accepted.insert(generation) {
            return Err(Reason::AcceptedTwice { member });
        }
        Ok(())
    }

    /// One event may stand on several lines.
    fn follow(&mut self, sequence: u64) -> Result<(), Reason> {
        if sequence != self.sequence && sequence != self.sequence + 1 {
            return Err(Reason::SequenceGap { sequence });
        }
        self.sequence = sequence;
        Ok(())
    }

    fn settle(
        &mut self,
        member: Ordinal,
        generation: u32,
        attempt: u8,
        outcome: Outcome,
    ) -> Result<(), Reason> {
        let history = self.members.entry(member).or_default();
        if history.generation != generation {
            return Err(Reason::Superseded { member });
        }
        history.state = apply(history.state, attempt, outcome).map_err(|illegal| match illegal {
            Illegal::SecondFinalOutcome => Reason::SecondFinalOutcome { member },
            Illegal::WrongAttempt => Reason::WrongAttempt { member },
        })?;
        // A failure may come without a send: suppressed, cancelled, expired. So may a deferral: nobody was reached.
        let needs_mark = matches!(outcome, Outcome::Accepted | Outcome::InDoubt);
        if needs_mark && !history.marked.contains(&(generation, attempt)) {
            return Err(Reason::OutcomeWithoutMark { member });
        }
        Ok(())
    }

    /// A return from a fenced owner, a release, or a task that becomes its own retry.
    fn requeue(&mut self, name: &str, epoch: u64, members: &[Ordinal]) -> Result<(), Reason> {
        self.all_are_kept(name, members)?;
        let task = self.tasks.get_mut(name).ok_or_else(|| Reason::NoSuchTask { task: name.to_owned() })?;
        task.raise(name, epoch)?;
        for member in members {
            let history = self.members.entry(*member).or_default();
            if !task.members.get(member).is_some_and(|generation| history.is_open(*generation)) {
                return Err(Reason::EndedReturned { member: *member });
            }
            let mut starts = task.starts.iter().filter(|((started, _), _)| started == member);
            if starts.any(|(_, (generation, attempt))| history.awaits(*generation, *attempt)) {
                return Err(Reason::StartedReturned { member: *member });
            }
        }
        task.members.retain(|member, _| members.contains(member));
        task.owner = None;
        task.starts.clear();
        Ok(())
    }

    fn finish(&mut self, name: &str) -> Result<(), Reason> {
        self.all_are_kept(name, &[])?;
        self.tasks.remove(name).map(drop).ok_or_else(|| Reason::NoSuchTask { task: name.to_owned() })
    }

    /// The open members of a task must all be kept by what follows it.
    fn all_are_kept(&self, name: &str, kept: &[Ordinal]) -> Result<(), Reason> {
        let Some(task) = self.tasks.get(name) else { return Ok(()) };
        let is_open = |(member, generation): (&Ordinal, &u32)| {
            self.members.get(member).is_some_and(|history| history.is_open(*generation))
        };
        let mut open = task.members.iter().filter(|of| is_open(*of)).map(|(member, _)| *member);
        match open.find(|member| !kept.contains(member)) {
            Some(member) => Err(Reason::Forgotten { member }),
            None => Ok(()),
        }
    }

    fn order(&mut self, member: Ordinal, generation: u32) -> Result<(), Reason> {
        let history = self.members.entry(member).or_default();
        let can = matches!(history.state, Member::Failed | Member::InDoubt { .. });
        if !can || generation <= history.generation {
            return Err(Reason::NotToBeOrdered { member });
        }
        (history.generation, history.state) = (generation, Member::NEW);
        Ok(())
    }

    fn end(&self) -> Result<(), Reason> {
        for (member, history) in &self.members {
            let (member, is_accepted) = (*member, history.accepted.contains(&history.generation));
            match history.state {
                Member::Open { .. } => return Err(Reason::NoOutcome { member }),
                Member::Failed if is_accepted => return Err(Reason::AcceptanceLost { member }),
                Member::Accepted if !is_accepted => return Err(Reason::NotInLedger { member }),
                Member::Accepted | Member::Failed | Member::InDoubt { .. } => {}
            }
        }
        match self.tasks.keys().next() {
            Some(task) => Err(Reason::TaskLeft { task: task.clone() }),
            None => Ok(()),
        }
    }
}
