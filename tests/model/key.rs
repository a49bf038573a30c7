//! Which states are equivalent: epochs and sequences are only ever compared with the current ones, and owners and members
//! can be exchanged.
//!
//! A key is packed into words, because a debug build compares and hashes structures slowly.

use std::hash::{Hash, Hasher};

use crate::answers::Answer;
use crate::rules::{Member, Outcome};
use crate::start::Layout;
use crate::state::{MEMBERS, Members, OWNERS, State, Stream, TASKS, View, Work};
use crate::statement::{Epochs, Mark, Settlement, Statement};
use crate::variant::Variant;

/// Equal for equivalent states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key([u64; OWNERS + 4]);

/// By words: an array is hashed by bytes.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|word| state.write_u64(*word));
    }
}

/// The key of a state.
pub(crate) fn key(state: &State, layout: Layout, variant: Variant) -> Key {
    let of = |is_swapped| Reading { state, is_swapped, layout, variant }.key();
    let (first, second) = (glance(state, 0), glance(state, 1));
    if first == second { of(false).min(of(true)) } else { of(first > second) }
}

/// A cheap difference between two members, so that most states are read once.
fn glance(state: &State, member: usize) -> u8 {
    let [first, _] = state.ledger[member];
    of_member(state.db.stream.members[member]) << 4 | state.db.stream.generations[member] << 2 | first
}

/// A state, read as it is or with the members exchanged, and with them the tasks where each has its own.
struct Reading<'a> {
    state: &'a State,
    is_swapped: bool,
    layout: Layout,
    variant: Variant,
}

impl Reading<'_> {
    fn key(&self) -> Key {
        let mut owners: [u64; OWNERS] = std::array::from_fn(|owner| self.owner(owner));
        owners.sort_unstable();
        let [first, second, third] = owners;
        Key([first, second, third, self.database(), self.view(), self.rest(), self.unanswered()])
    }

    fn member(&self, member: usize) -> usize {
        if self.is_swapped { MEMBERS - 1 - member } else { member }
    }

    fn members(&self, members: Members) -> u8 {
        if self.is_swapped { members.swapped().0 } else { members.0 }
    }

    fn task(&self, task: usize) -> usize {
        if self.is_swapped && self.layout == Layout::Apart { TASKS - 1 - task } else { task }
    }

    /// 0 for the epoch that the task has now, 1 for any other.
    fn epoch(&self, task: usize, epoch: u8) -> u8 {
        let row = &self.state.db.tasks[task];
        u8::from(!row.exists() || row.epoch != epoch)
    }

    /// An owner's word says which tasks and statements are its own, in place of its number there: so words can be sorted.
    fn owner(&self, place: usize) -> u64 {
        let (row, owner) = (&self.state.db.owners[place], &self.state.owners[place]);
        if !row.registered {
            return 0;
        }
        let mut word = Word(1);
        word.flag(row.fenced);
        word.flag(owner.is_alive);
        word.flag(self.state.unanswered.is_some_and(|statement| statement.owner() == Some(place as u8)));
        for task in (0..TASKS).map(|task| self.task(task)) {
            word.flag(self.state.db.tasks[task].owner == Some(place as u8));
            word.flag(owner.claims[task].is_some());
            if let Some(claim) = owner.claims[task] {
                word.push(self.epoch(task, claim.epoch), 1);
                word.push(claim.attempt, 2);
                word.push(claim.generation - 1, 1);
                word.push(self.members(claim.members), 2);
            }
        }
        if owner.claims.iter().all(Option::is_none) {
            return word.0;
        }
        for member in (0..MEMBERS).map(|member| self.member(member)) {
            word.push(of_work(owner.work[member]), 4);
            word.push(owner.start[member], 2);
        }
        self.seen(&mut word, if owner.is_alive { &owner.seen } else { &self.state.db.stream });
        word.0
    }

    /// What a stale reader believes matters only where nothing refuses it.
    fn seen(&self, word: &mut Word, seen: &Stream) {
        let is_fresh = seen.sequence == self.state.db.stream.sequence;
        word.flag(is_fresh);
        if !is_fresh && self.variant == Variant::SettleWithoutSequence {
            self.stream(word, seen);
        }
    }

    fn stream(&self, word: &mut Word, stream: &Stream) {
        for member in (0..MEMBERS).map(|member| self.member(member)) {
            word.push(of_member(stream.members[member]), 3);
            word.push(stream.generations[member] - 1, 1);
        }
    }

    fn database(&self) -> u64 {
        let db = &self.state.db;
        let mut word = Word::default();
        for row in (0..TASKS).map(|task| &db.tasks[self.task(task)]) {
            word.push(self.members(row.members), 2);
            if !row.exists() {
                continue;
            }
            word.push(row.attempt, 2);
            word.push(row.generation - 1, 1);
            word.flag(row.owner.is_some());
            for member in (0..MEMBERS).map(|member| self.member(member)) {
                word.push(row.marks.starts[member], 3);
                word.push(row.marks.unsent[member], 3);
            }
        }
        self.stream(&mut word, &db.stream);
        word.flag(db.illegal.is_some());
        word.0
    }

    fn view(&self) -> u64 {
        let mut word = Word::default();
        if let Some(view) = &self.state.view {
            word.flag(true);
            self.of_view(&mut word, view);
        }
        word.0
    }

    fn of_view(&self, word: &mut Word, view: &View) {
        word.push(self.task(usize::from(view.task)) as u8, 1);
        word.push(self.epoch(usize::from(view.task), view.epoch), 1);
        word.push(self.members(view.started), 2);
        self.seen(word, &view.seen);
    }

    fn rest(&self) -> u64 {
        let state = self.state;
        let mut word = Word::default();
        for member in (0..MEMBERS).map(|member| self.member(member)) {
            state.ledger[member].into_iter().for_each(|accepted| word.push(accepted, 2));
        }
        let left = state.left;
        [
            left.faults,
            left.lost_answers,
            left.unsent,
            left.deferred,
            left.cancels,
            left.orders,
            left.suppressed,
        ]
        .into_iter()
        .for_each(|left| word.push(left, 2));
        // Only of those who are or may come into doubt.
        let recorded = state.db.stream.members;
        let ended = Members::that(|member| matches!(recorded[member], Member::Accepted | Member::Failed));
        word.push(self.members(state.in_flight_at_fault.without(ended)), 2);
        word.push(self.members(state.resolved.without(ended)), 2);
        word.0
    }

    fn unanswered(&self) -> u64 {
        let mut word = Word::default();
        let Some(statement) = &self.state.unanswered else { return 0 };
        match statement {
            Statement::Claim { task, .. } => {
                word.push(1, 3);
                word.push(self.task(usize::from(*task)) as u8, 1);
            }
            Statement::Release { task, .. } => {
                word.push(2, 3);
                word.push(self.task(usize::from(*task)) as u8, 1);
            }
            Statement::Mark(mark) => {
                word.push(3, 3);
                self.mark(&mut word, mark);
            }
            Statement::Unmark(mark) => {
                word.push(4, 3);
                self.mark(&mut word, mark);
            }
            Statement::Settle(settlement) => {
                word.push(5, 3);
                self.settlement(&mut word, settlement);
            }
            Statement::Fence { .. } => word.push(6, 3),
            Statement::TakeBack(view) => {
                word.push(7, 3);
                self.of_view(&mut word, view);
            }
        }
        word.0
    }

    fn mark(&self, word: &mut Word, mark: &Mark) {
        self.epochs(word, &mark.epochs);
        word.push(self.members(mark.members), 2);
        (0..MEMBERS).for_each(|member| word.push(mark.start[self.member(member)], 2));
    }

    fn epochs(&self, word: &mut Word, epochs: &Epochs) {
        for task in (0..TASKS).map(|task| self.task(task)) {
            word.flag(epochs[task].is_some_and(|epoch| self.epoch(task, epoch) == 0));
        }
    }

    fn settlement(&self, word: &mut Word, settlement: &Settlement) {
        self.seen(word, &settlement.seen);
        self.mark(word, &settlement.next);
        for member in (0..MEMBERS).map(|member| self.member(member)) {
            word.push(settlement.answers[member].map_or(0, of_answer), 3);
            word.push(settlement.attempts[member], 2);
            word.push(settlement.outcomes[member].map_or(0, of_outcome), 3);
        }
    }
}

/// Values in one word, each with its width in bits.
#[derive(Default)]
struct Word(u64);

impl Word {
    fn push(&mut self, value: u8, bits: u32) {
        assert!(value < 1 << bits && self.0 >> (64 - bits) == 0, "a key loses nothing");
        self.0 = self.0 << bits | u64::from(value);
    }

    fn flag(&mut self, value: bool) {
        self.push(u8::from(value), 1);
    }
}

const fn of_member(member: Member) -> u8 {
    match member {
        Member::Open { ended } => ended,
        Member::Accepted => 2,
        Member::Failed => 3,
        Member::InDoubt { attempt } => 3 + attempt,
    }
}

const fn of_work(work: Work) -> u8 {
    match work {
        Work::None => 0,
        Work::Held => 1,
        Work::InFlight => 2,
        Work::Answered(answer) => 2 + of_answer(answer),
    }
}

const fn of_answer(answer: Answer) -> u8 {
    match answer {
        Answer::Accepted => 1,
        Answer::Refused => 2,
        Answer::Deferred => 3,
        Answer::Cut => 4,
        Answer::Unsent => 5,
        Answer::Suppressed => 6,
    }
}

const fn of_outcome(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Accepted => 1,
        Outcome::Deferred => 2,
        Outcome::Failed => 3,
        Outcome::InDoubt => 4,
    }
}
