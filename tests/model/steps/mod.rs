//! Every step that is possible from a state.

mod housekeeper;
mod owner;
mod provider;

use crate::answers::Answer;
use crate::rules::Member;
use crate::start::{GENERATIONS, NOBODY};
use crate::state::{MEMBERS, Members, OWNERS, OWNERS_LIVE_MAX, OwnerRow, State, TASKS, Work};
use crate::statement::Statement;
use crate::variant::Variant;

/// One step. Owners are called by their place in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An owner's statement, answered.
    Claim {
        owner: usize,
        task: usize,
    },
    Release {
        owner: usize,
        task: usize,
    },
    Mark {
        owner: usize,
        members: Members,
    },
    Unmark {
        owner: usize,
        members: Members,
    },
    Settle {
        owner: usize,
        next: Members,
    },
    /// An owner gives a member to the provider before it marks it.
    SendUnmarked {
        owner: usize,
        member: usize,
    },
    /// An owner ends a member that needs no send.
    Suppress {
        owner: usize,
        member: usize,
    },
    /// An owner learns that it was fenced, as its next beat is refused.
    LearnOfFence {
        owner: usize,
    },
    /// The provider decides; its answer arrives if the owner's process still runs.
    Answer {
        owner: usize,
        member: usize,
        answer: Answer,
    },
    /// The provider accepts, and its answer is cut.
    AcceptAndCut {
        owner: usize,
        member: usize,
    },
    /// The request of a dead process never reaches the provider.
    LoseRequest {
        owner: usize,
        member: usize,
    },
    /// A housekeeper's statements.
    Fence {
        owner: usize,
    },
    Look {
        task: usize,
    },
    TakeBack,
    /// A person cancels a task, or orders a member to be sent again.
    Cancel {
        task: usize,
    },
    Order {
        member: usize,
    },
    /// A new process, or one that was fenced and begins anew.
    Register {
        owner: usize,
    },
    Crash {
        owner: usize,
    },
    /// The answer to this statement is lost: its client gives up.
    LoseAnswer(&'static str),
    /// The unanswered statement is committed, or is dropped.
    CommitUnanswered,
    DropUnanswered,
}

/// Collects the steps from one state.
pub(crate) struct Steps<'a> {
    pub(crate) from: &'a State,
    pub(crate) variant: Variant,
    pub(crate) found: &'a mut Vec<(Step, State)>,
}

impl Steps<'_> {
    /// Finds all of them.
    pub(crate) fn find(&mut self) {
        for owner in 0..OWNERS {
            self.of_owner(owner);
            self.of_provider(owner);
            self.of_process(owner);
        }
        self.of_housekeeper();
        self.of_person();
        self.of_unanswered();
    }

    fn add(&mut self, step: Step, change: impl FnOnce(&mut State)) {
        let mut to = *self.from;
        change(&mut to);
        to.prune(self.variant);
        self.found.push((step, to));
    }

    /// Two steps: the statement is answered, and its client learns whether it was committed; or the answer is lost.
    fn issue(&mut self, step: Step, statement: Statement, learn: impl Fn(&mut State, bool)) {
        let variant = self.variant;
        self.add(step, |to| {
            let is_committed = statement.commit(&mut to.db, variant);
            learn(to, is_committed);
        });
        if self.from.left.lost_answers > 0 && self.from.unanswered.is_none() {
            self.add(Step::LoseAnswer(statement.name()), |to| {
                to.left.lost_answers -= 1;
                to.unanswered = Some(statement);
                to.give_up(&statement, variant);
            });
        }
    }

    /// A person cancels a task, or orders a member to be sent again that failed or is in doubt.
    fn of_person(&mut self) {
        let variant = self.variant;
        for task in (0..TASKS).filter(|task| self.from.db.tasks[*task].exists()) {
            if self.from.left.cancels > 0 {
                self.add(Step::Cancel { task }, |to| {
                    to.left.cancels -= 1;
                    to.db.cancel(task, variant);
                });
            }
        }
        for member in 0..MEMBERS {
            let stream = &self.from.db.stream;
            let can = matches!(stream.members[member], Member::Failed | Member::InDoubt { .. })
                && stream.generations[member] < GENERATIONS
                && self.from.left.orders > 0;
            let free =
                [member, TASKS - 1 - member].into_iter().find(|task| !self.from.db.tasks[*task].exists());
            if let Some(task) = free.filter(|_| can) {
                self.add(Step::Order { member }, |to| {
                    to.left.orders -= 1;
                    to.in_flight_at_fault = to.in_flight_at_fault.without(Members::one(member));
                    to.resolved = to.resolved.without(Members::one(member));
                    to.db.order(member, task);
                });
            }
        }
    }

    fn of_unanswered(&mut self) {
        let Some(statement) = self.from.unanswered else { return };
        let variant = self.variant;
        self.add(Step::CommitUnanswered, |to| {
            to.unanswered = None;
            if let Statement::Fence { owner } = statement {
                to.remember_in_flight(usize::from(owner));
            }
            statement.commit(&mut to.db, variant);
        });
        self.add(Step::DropUnanswered, |to| to.unanswered = None);
    }

    fn of_process(&mut self, owner: usize) {
        let state = self.from;
        let is_used = state.db.owners[owner].registered;
        let has_tasks = state.db.tasks.iter().any(|task| task.exists());
        if !is_used && has_tasks && state.live_owners() < OWNERS_LIVE_MAX && self.is_first_free(owner) {
            self.add(Step::Register { owner }, |to| to.register(owner));
        }
        if is_used && state.owners[owner].is_alive && state.left.faults > 0 {
            self.add(Step::Crash { owner }, |to| {
                to.left.faults -= 1;
                to.crash(owner);
            });
        }
    }

    fn is_first_free(&self, owner: usize) -> bool {
        self.from.db.owners[..owner].iter().all(|row| row.registered)
    }
}

impl State {
    fn register(&mut self, owner: usize) {
        self.db.owners[owner].registered = true;
        self.owners[owner].is_alive = true;
        self.names += 1;
        self.owners[owner].name = self.names;
    }

    /// The memory is lost. Requests that are in flight are not: the provider may still accept them.
    fn crash(&mut self, owner: usize) {
        self.remember_in_flight(owner);
        let in_flight = self.owners[owner].members(|work| work == Work::InFlight);
        let dead = &mut self.owners[owner];
        dead.is_alive = false;
        dead.start = Default::default();
        for member in Members::that(|member| !in_flight.has(member)).each() {
            dead.work[member] = Work::None;
        }
        dead.drop_done_claims();
    }

    /// Notes the members whose send is in flight, or is not settled yet.
    fn remember_in_flight(&mut self, owner: usize) {
        let is_under_way = |work| matches!(work, Work::InFlight | Work::Answered(_));
        self.in_flight_at_fault = self.in_flight_at_fault.or(self.owners[owner].members(is_under_way));
    }

    /// What a client does whose statement is never answered.
    fn give_up(&mut self, statement: &Statement, variant: Variant) {
        match statement {
            Statement::Mark(mark) => {
                self.in_flight_at_fault = self.in_flight_at_fault.or(mark.members);
                if variant == Variant::SendOnUnansweredMark {
                    let owner = &mut self.owners[usize::from(mark.owner)];
                    mark.members.each().for_each(|member| owner.work[member] = Work::InFlight);
                }
            }
            Statement::Settle(settlement) => {
                self.in_flight_at_fault = self.in_flight_at_fault.or(settlement.next.members);
            }
            Statement::TakeBack(_) => self.view = None,
            Statement::Claim { .. }
            | Statement::Release { .. }
            | Statement::Unmark(_)
            | Statement::Fence { .. } => {}
        }
    }

    /// Removes what can change nothing any more: statements and views that would be refused, and fenced owners without a
    /// task, work or statement.
    fn prune(&mut self, variant: Variant) {
        self.unanswered = self.unanswered.filter(|statement| !statement.can_never_commit(&self.db, variant));
        self.view = self.view.filter(|view| !view.is_stale(&self.db, variant));
        for owner in 0..OWNERS {
            let place = Some(owner as u8);
            let has_task = self.db.tasks.iter().any(|task| task.owner == place);
            let has_work = self.owners[owner].work.iter().any(|work| *work != Work::None);
            let has_statement = self.unanswered.is_some_and(|statement| statement.owner() == place);
            if self.db.owners[owner].fenced && !has_task && !has_work && !has_statement {
                self.db.owners[owner] = OwnerRow::default();
                self.owners[owner] = NOBODY;
            }
        }
    }
}
