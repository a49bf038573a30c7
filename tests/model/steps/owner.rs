//! What an owner does: it claims, marks, sends, settles, and learns that it was fenced.

use super::{Step, Steps};
use crate::answers::{Answer, decide};
use crate::rules::Member;
use crate::state::{Claim, MEMBERS, Members, Owner, State, Task, Work};
use crate::statement::{Epochs, Mark, Settlement, Statement};
use crate::variant::Variant;

impl Steps<'_> {
    pub(super) fn of_owner(&mut self, owner: usize) {
        if !self.from.owners[owner].is_alive {
            return;
        }
        self.claim(owner);
        self.mark(owner);
        self.unmark(owner);
        self.send(owner);
        self.settle(owner);
        if self.from.db.owners[owner].fenced {
            self.add(Step::LearnOfFence { owner }, |to| to.learn_of_fence(owner));
        }
    }

    fn claim(&mut self, owner: usize) {
        let name = owner as u8;
        for (task, row) in self.from.db.tasks.iter().enumerate() {
            let is_busy =
                !self.from.owners[owner].members(|work| work != Work::None).and(row.members).is_empty();
            if !row.exists() || self.from.owners[owner].claims[task].is_some() || is_busy {
                continue;
            }
            if row.owner.is_none() {
                let statement = Statement::Claim { owner: name, task: task as u8 };
                let variant = self.variant;
                self.issue(Step::Claim { owner, task }, statement, |to, is_committed| {
                    if is_committed {
                        to.hold_members(owner, task, variant);
                    }
                });
            } else if row.owner == Some(name) && self.variant != Variant::ForgetLostClaim {
                let statement = Statement::Release { owner: name, task: task as u8, epoch: row.epoch };
                self.issue(Step::Release { owner, task }, statement, |_, _| {});
            }
        }
    }

    /// A mark takes any group of the members that are held. The send follows at once: between the two an owner can do
    /// nothing that a send which is long in flight does not show too.
    fn mark(&mut self, owner: usize) {
        let memory = &self.from.owners[owner];
        let is_late = self.variant == Variant::MarkAfterSend;
        let ready = memory.members(|work| work == if is_late { Work::InFlight } else { Work::Held });
        for members in ready.subsets() {
            let statement = Statement::Mark(memory.mark_of(owner, members));
            self.issue(Step::Mark { owner, members }, statement, |to, is_committed| {
                if !is_committed {
                    to.learn_of_refusal(owner);
                } else if !is_late {
                    to.owners[owner].set(members, Work::InFlight);
                }
            });
        }
    }

    fn unmark(&mut self, owner: usize) {
        let memory = &self.from.owners[owner];
        let members = memory.members(|work| work == Work::Answered(Answer::Unsent));
        if members.is_empty() {
            return;
        }
        let statement = Statement::Unmark(memory.mark_of(owner, members));
        self.issue(Step::Unmark { owner, members }, statement, |to, _| {
            let memory = &mut to.owners[owner];
            memory.set(members, Work::Held);
            members.each().for_each(|member| memory.start[member] += 1);
        });
    }

    /// A member that is held may end without a send; in one broken variant it is sent without a mark.
    fn send(&mut self, owner: usize) {
        for member in self.from.owners[owner].members(|work| work == Work::Held).each() {
            if self.variant == Variant::MarkAfterSend {
                let step = Step::SendUnmarked { owner, member };
                self.add(step, |to| to.owners[owner].work[member] = Work::InFlight);
            }
            if self.from.left.suppressed > 0 {
                self.add(Step::Suppress { owner, member }, |to| {
                    to.left.suppressed -= 1;
                    to.owners[owner].work[member] = Work::Answered(Answer::Suppressed);
                });
            }
        }
    }

    /// Settles all that ended since the last settlement, without or with the next start marks in the same commit.
    fn settle(&mut self, owner: usize) {
        let memory = &self.from.owners[owner];
        if memory.ended().is_empty() {
            return;
        }
        let held = memory.members(|work| work == Work::Held);
        let marks_next = !held.is_empty() && self.variant != Variant::MarkAfterSend;
        for next in std::iter::once(Members::NONE).chain(marks_next.then_some(held)) {
            let settlement = memory.settlement(owner, next, self.variant);
            self.issue(Step::Settle { owner, next }, Statement::Settle(settlement), |to, is_committed| {
                match is_committed {
                    true => to.settled(owner, &settlement),
                    false => to.refused(owner, &settlement),
                }
            });
        }
    }
}

impl Owner {
    fn set(&mut self, members: Members, work: Work) {
        members.each().for_each(|member| self.work[member] = work);
    }

    /// Members to settle.
    fn ended(&self) -> Members {
        self.members(|work| matches!(work, Work::Answered(answer) if answer != Answer::Unsent))
    }

    fn epochs(&self) -> Epochs {
        self.claims.map(|claim| claim.map(|claim| claim.epoch))
    }

    fn mark_of(&self, owner: usize, members: Members) -> Mark {
        Mark { owner: owner as u8, epochs: self.epochs(), members, start: self.start }
    }

    fn settlement(&self, owner: usize, next: Members, variant: Variant) -> Settlement {
        let mut settlement = Settlement {
            seen: self.seen,
            answers: [None; MEMBERS],
            attempts: [0; MEMBERS],
            outcomes: [None; MEMBERS],
            epochs: self.epochs(),
            next: self.mark_of(owner, next),
        };
        for member in self.ended().each() {
            let (Work::Answered(answer), Some(claim)) = (self.work[member], self.claim_of(member)) else {
                continue;
            };
            let recorded = self.seen.members[member];
            let attempt = match recorded {
                Member::Open { ended } if variant == Variant::IgnoreAttempt => ended + 1,
                _ => claim.attempt,
            };
            let is_late = matches!(recorded, Member::InDoubt { .. }) && variant == Variant::IgnoreLateAnswer;
            let is_ignored = is_late || !self.seen.is_of(member, claim.generation, variant);
            settlement.answers[member] = Some(answer);
            settlement.attempts[member] = attempt;
            settlement.outcomes[member] = if is_ignored { None } else { decide(recorded, attempt, answer) };
        }
        settlement
    }
}

impl State {
    /// After a claim the owner loads the chunk's stream and holds the members that await this attempt.
    fn hold_members(&mut self, owner: usize, task: usize, variant: Variant) {
        let row = self.db.tasks[task];
        let stream = self.db.stream;
        let memory = &mut self.owners[owner];
        memory.seen = stream;
        let members = stream.awaiting(&row, variant);
        let Task { epoch, generation, attempt, .. } = row;
        memory.claims[task] = Some(Claim { epoch, generation, attempt, members });
        for member in members.each() {
            memory.work[member] = Work::Held;
            memory.start[member] = 0;
        }
        memory.drop_done_claims();
    }

    fn settled(&mut self, owner: usize, settlement: &Settlement) {
        let memory = &mut self.owners[owner];
        memory.set(settlement.next.members, Work::InFlight);
        for member in 0..MEMBERS {
            let Some(answer) = settlement.answers[member] else { continue };
            let generation = memory.claim_of(member).map(|claim| claim.generation);
            memory.work[member] = Work::None;
            let is_current = generation == Some(self.db.stream.generations[member]);
            if is_current && matches!(answer, Answer::Accepted | Answer::Refused) {
                self.resolved = self.resolved.or(Members::one(member));
            }
        }
        memory.drop_done_claims();
        memory.seen = self.db.stream;
    }

    /// Another writer appended the stream's next event, or the owner was fenced: it loads again, and decides again.
    fn refused(&mut self, owner: usize, settlement: &Settlement) {
        self.owners[owner].seen = self.db.stream;
        self.learn_of_refusal(owner);
        let held = self.db.held(&settlement.epochs);
        let memory = &mut self.owners[owner];
        for member in 0..MEMBERS {
            if settlement.answers[member] == Some(Answer::Suppressed) && !held.has(member) {
                memory.work[member] = Work::None;
            }
        }
        memory.drop_done_claims();
    }

    /// A refusal means that the owner was fenced, or that members were withdrawn from its tasks.
    fn learn_of_refusal(&mut self, owner: usize) {
        if self.db.owners[owner].fenced {
            self.learn_of_fence(owner);
        }
        let held = self.db.held(&self.owners[owner].epochs());
        let memory = &mut self.owners[owner];
        let withdrawn = memory.members(|work| work == Work::Held).without(held);
        memory.set(withdrawn, Work::None);
        memory.drop_done_claims();
    }

    /// A fenced owner sends nothing more, and settles what it has sent.
    fn learn_of_fence(&mut self, owner: usize) {
        let memory = &mut self.owners[owner];
        let unsent = memory.members(|work| matches!(work, Work::Held | Work::Answered(Answer::Unsent)));
        memory.set(unsent, Work::None);
        memory.drop_done_claims();
    }
}
