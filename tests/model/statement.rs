//! The transactions of the program: each is committed as a whole or refused, and may be committed after its client gave up
//! waiting.

use crate::answers::Answer;
use crate::rules::{Member, Outcome, apply};
use crate::state::{Database, MEMBERS, Marks, Members, Stream, TASKS, Task, View};
use crate::variant::Variant;

/// The epochs under which an owner holds its tasks; none where it holds none.
pub(crate) type Epochs = [Option<u8>; TASKS];

/// One transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statement {
    /// An owner takes a task that waits.
    Claim { owner: u8, task: u8 },
    /// An owner gives back a task that is its own by the row and that it does not remember: the answer to its claim was
    /// lost.
    Release { owner: u8, task: u8, epoch: u8 },
    /// The start mark.
    Mark(Mark),
    /// The mark that nothing was sent of a start.
    Unmark(Mark),
    /// The outcomes of members, the tasks that follow from them, and perhaps the next start marks.
    Settle(Settlement),
    /// From here on the owner can neither claim nor mark.
    Fence { owner: u8 },
    /// A fenced owner's task waits again; its started members are in doubt.
    TakeBack(View),
}

/// The members that an owner marks, and the number of the start, a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) owner: u8,
    pub(crate) epochs: Epochs,
    pub(crate) members: Members,
    pub(crate) start: [u8; MEMBERS],
}

/// What an owner settles in one transaction, decided from the stream as it has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settlement {
    pub(crate) seen: Stream,
    pub(crate) answers: [Option<Answer>; MEMBERS],
    pub(crate) attempts: [u8; MEMBERS],
    pub(crate) outcomes: [Option<Outcome>; MEMBERS],
    pub(crate) epochs: Epochs,
    /// Start marks in the same commit.
    pub(crate) next: Mark,
}

impl Statement {
    /// Its name in a counterexample.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Claim { .. } => "claim",
            Self::Release { .. } => "release",
            Self::Mark(_) => "mark",
            Self::Unmark(_) => "unmark",
            Self::Settle(_) => "settle",
            Self::Fence { .. } => "fence",
            Self::TakeBack(_) => "take back",
        }
    }

    /// The owner that issued it, or that it fences.
    pub(crate) fn owner(&self) -> Option<u8> {
        match self {
            Self::Claim { owner, .. } | Self::Release { owner, .. } | Self::Fence { owner } => Some(*owner),
            Self::Mark(mark) | Self::Unmark(mark) => Some(mark.owner),
            Self::Settle(settlement) => Some(settlement.next.owner),
            Self::TakeBack(_) => None,
        }
    }

    /// Whether it will be refused, or change nothing, at any later time.
    pub(crate) fn can_never_commit(&self, db: &Database, variant: Variant) -> bool {
        match self {
            Self::Claim { owner, .. } | Self::Fence { owner } => db.is_fenced(*owner),
            Self::Release { task, epoch, .. } => db.tasks[usize::from(*task)].epoch != *epoch,
            Self::Mark(mark) | Self::Unmark(mark) => {
                !(0..TASKS).any(|task| db.has_epoch(task, mark.epochs[task]))
            }
            Self::Settle(settlement) => db.is_stale(&settlement.seen, variant),
            Self::TakeBack(view) => view.is_stale(db, variant),
        }
    }

    /// Commits, or refuses and leaves everything as it was.
    pub(crate) fn commit(&self, db: &mut Database, variant: Variant) -> bool {
        let before = *db;
        let is_committed = match *self {
            Self::Claim { owner, task } => db.claim(owner, usize::from(task)),
            Self::Release { owner, task, epoch } => db.release(owner, usize::from(task), epoch),
            Self::Mark(mark) => db.mark(mark, variant),
            Self::Unmark(mark) => db.unmark(mark, variant),
            Self::Settle(settlement) => db.settle(&settlement, variant),
            Self::Fence { owner } => db.fence(usize::from(owner)),
            Self::TakeBack(view) => db.take_back(&view, variant),
        };
        if !is_committed {
            *db = before;
        }
        if variant == Variant::NoEpoch {
            db.tasks.iter_mut().for_each(|task| task.epoch = 0);
        }
        is_committed
    }
}

impl View {
    /// Whether the task or the stream has changed since the housekeeper read them.
    pub(crate) fn is_stale(&self, db: &Database, variant: Variant) -> bool {
        !db.has_epoch(usize::from(self.task), Some(self.epoch)) || db.is_stale(&self.seen, variant)
    }
}

impl Database {
    /// Whether a task still has this epoch.
    pub(crate) fn has_epoch(&self, task: usize, epoch: Option<u8>) -> bool {
        self.tasks[task].exists() && epoch == Some(self.tasks[task].epoch)
    }

    /// Whether the sequence that a writer expects is no longer the stream's.
    fn is_stale(&self, seen: &Stream, variant: Variant) -> bool {
        seen.sequence != self.stream.sequence && variant != Variant::SettleWithoutSequence
    }

    pub(crate) fn is_fenced(&self, owner: u8) -> bool {
        let row = self.owners[usize::from(owner)];
        row.fenced || !row.registered
    }

    fn claim(&mut self, owner: u8, task: usize) -> bool {
        let waits = self.tasks[task].exists() && self.tasks[task].owner.is_none();
        if !waits || self.is_fenced(owner) {
            return false;
        }
        self.tasks[task].owner = Some(owner);
        self.tasks[task].epoch += 1;
        true
    }

    fn release(&mut self, owner: u8, task: usize, epoch: u8) -> bool {
        let row = &mut self.tasks[task];
        if row.owner != Some(owner) || row.epoch != epoch {
            return false;
        }
        *row = waiting(*row, row.members, row.attempt);
        !self.is_fenced(owner)
    }

    /// Shares a lock on the rows of the owner and of its tasks: the mark is committed before a fence or a cancellation, or
    /// refused. The owner's row alone does not show a cancelled member, and the task's row alone is too late: the
    /// housekeeper reads the marks before it changes the task.
    fn mark(&mut self, mark: Mark, variant: Variant) -> bool {
        let is_fenced = self.is_fenced(mark.owner) && variant != Variant::MarkWithoutFence;
        let is_withdrawn = !mark.members.without(self.held(&mark.epochs)).is_empty();
        if is_fenced || (is_withdrawn && variant != Variant::MarkWithoutTask) {
            return false;
        }
        self.each_marked(mark, |marks, member| marks.starts[member] |= 1 << mark.start[member]);
        true
    }

    /// The members of the tasks that still have these epochs.
    pub(crate) fn held(&self, epochs: &Epochs) -> Members {
        (0..TASKS)
            .filter(|task| self.has_epoch(*task, epochs[*task]))
            .fold(Members::NONE, |held, task| held.or(self.tasks[task].members))
    }

    /// Needs no fence: it can only turn a doubt into a return. It names one start, so that it cannot say of a later one
    /// that nothing was sent when it is committed late.
    fn unmark(&mut self, mark: Mark, variant: Variant) -> bool {
        self.each_marked(mark, |marks, member| {
            let any = variant == Variant::UnsentOfAnyStart;
            marks.unsent[member] |= if any { marks.starts[member] } else { 1 << mark.start[member] };
        });
        true
    }

    /// A person orders a member to be sent again: a new generation, and a task for it.
    pub(crate) fn order(&mut self, member: usize, place: usize) {
        self.stream.sequence += 1;
        self.stream.generations[member] += 1;
        self.stream.members[member] = Member::NEW;
        let generation = self.stream.generations[member];
        // Another row, with an id of its own in the program: no mark of an earlier one is its own.
        let epoch = 100 * (generation - 1);
        self.tasks[place] =
            Task { members: Members::one(member), generation, attempt: 1, epoch, ..Task::NONE };
    }

    /// A person cancels a task: members that are not started fail, even if an owner holds the task.
    pub(crate) fn cancel(&mut self, place: usize, variant: Variant) {
        let row = self.tasks[place];
        let started = self.stream.awaiting(&row, variant).and(row.marks.started());
        let cancelled = self.stream.open(&row, variant).without(started);
        for member in cancelled.each() {
            self.stream.members[member] = Member::Failed;
        }
        self.stream.sequence += u8::from(!cancelled.is_empty());
        self.tasks[place] = if started.is_empty() { Task::NONE } else { Task { members: started, ..row } };
    }

    /// Marks of another epoch are never read.
    fn each_marked(&mut self, mark: Mark, write: impl Fn(&mut Marks, usize)) {
        for (row, epoch) in self.tasks.iter_mut().zip(mark.epochs) {
            if epoch == Some(row.epoch) {
                mark.members.and(row.members).each().for_each(|member| write(&mut row.marks, member));
            }
        }
    }

    fn settle(&mut self, settlement: &Settlement, variant: Variant) -> bool {
        let is_claimed = variant == Variant::SuppressWithoutClaim || self.holds_suppressed(settlement);
        if self.is_stale(&settlement.seen, variant) || !is_claimed {
            return false;
        }
        let mut after = settlement.seen;
        for member in 0..MEMBERS {
            if let Some(outcome) = settlement.outcomes[member] {
                let attempt = settlement.attempts[member];
                self.append(member, attempt, outcome);
                after.members[member] =
                    apply(after.members[member], attempt, outcome).unwrap_or(after.members[member]);
            }
        }
        self.stream.sequence += u8::from(settlement.outcomes.iter().any(Option::is_some));
        for task in 0..TASKS {
            if self.has_epoch(task, settlement.epochs[task]) {
                self.tasks[task] = settled(self.tasks[task], &after, variant);
            }
        }
        settlement.next.members.is_empty() || self.mark(settlement.next, variant)
    }

    /// The outcome of a member that was not started needs the claim, because the member may have another owner by now. What
    /// a provider answered is true under any claim.
    fn holds_suppressed(&self, settlement: &Settlement) -> bool {
        let held = self.held(&settlement.epochs);
        (0..MEMBERS).all(|member| settlement.answers[member] != Some(Answer::Suppressed) || held.has(member))
    }

    fn append(&mut self, member: usize, attempt: u8, outcome: Outcome) {
        match apply(self.stream.members[member], attempt, outcome) {
            Ok(next) => self.stream.members[member] = next,
            Err(_) => self.illegal = Some((member as u8, attempt, outcome)),
        }
    }

    /// Takes the lock that claims and marks share, so that none of them is in progress afterwards.
    fn fence(&mut self, owner: usize) -> bool {
        let can = self.owners[owner].registered && !self.owners[owner].fenced;
        self.owners[owner].fenced |= can;
        can
    }

    fn take_back(&mut self, view: &View, variant: Variant) -> bool {
        let row = self.tasks[usize::from(view.task)];
        if view.is_stale(self, variant) || !row.owner.is_some_and(|owner| self.is_fenced(owner)) {
            return false;
        }
        let unended = view.seen.awaiting(&row, variant);
        let doubted = match variant {
            Variant::ReturnStarted => Members::NONE,
            Variant::DoubtEverybody => unended,
            _ => unended.and(view.started),
        };
        let mut after = view.seen;
        for member in doubted.each() {
            self.append(member, row.attempt, Outcome::InDoubt);
            after.members[member] = Member::InDoubt { attempt: row.attempt };
        }
        self.stream.sequence += u8::from(!doubted.is_empty());
        self.tasks[usize::from(view.task)] = returned(row, &after, variant);
        true
    }
}

/// A task after a settlement: it stays while members are without an outcome of this attempt; then it becomes its own
/// retry with those that were deferred, or goes.
fn settled(row: Task, stream: &Stream, variant: Variant) -> Task {
    if !stream.awaiting(&row, variant).is_empty() {
        return row;
    }
    waiting(row, stream.open(&row, variant), row.attempt + 1)
}

/// A task that is taken back: its open members wait again, for this attempt or, if it has ended for all, for the next.
fn returned(row: Task, stream: &Stream, variant: Variant) -> Task {
    let is_ended = stream.awaiting(&row, variant).is_empty();
    waiting(row, stream.open(&row, variant), row.attempt + u8::from(is_ended))
}

/// A row that waits for an owner, under a new epoch and without marks; no row if no member is left.
fn waiting(row: Task, members: Members, attempt: u8) -> Task {
    if members.is_empty() {
        return Task::NONE;
    }
    Task { members, attempt, owner: None, epoch: row.epoch + 1, marks: Marks::default(), ..row }
}
