//! What the provider does with a request in flight, and what becomes of its answer.

use super::{Step, Steps};
use crate::answers::{ATTEMPTS_MAX, Answer};
use crate::state::{MEMBERS, State, Work};

impl Steps<'_> {
    pub(super) fn of_provider(&mut self, owner: usize) {
        for member in 0..MEMBERS {
            if self.from.owners[owner].work[member] != Work::InFlight {
                continue;
            }
            match self.from.owners[owner].is_alive {
                true => self.answer(owner, member),
                false => self.reach_or_lose(owner, member),
            }
        }
    }

    fn answer(&mut self, owner: usize, member: usize) {
        for answer in [Answer::Accepted, Answer::Refused, Answer::Deferred, Answer::Unsent, Answer::Cut] {
            let can = match answer {
                Answer::Deferred => {
                    let claim = self.from.owners[owner].claim_of(member);
                    self.from.left.deferred > 0 && claim.is_some_and(|claim| claim.attempt < ATTEMPTS_MAX)
                }
                Answer::Unsent => self.from.left.unsent > 0,
                Answer::Cut => self.from.left.faults > 0,
                Answer::Accepted | Answer::Refused | Answer::Suppressed => true,
            };
            if can {
                self.add(Step::Answer { owner, member, answer }, |to| to.answer(owner, member, answer));
            }
        }
        if self.from.left.faults > 0 {
            self.add(Step::AcceptAndCut { owner, member }, |to| {
                to.accept(owner, member);
                to.answer(owner, member, Answer::Cut);
            });
        }
    }

    /// The owner's process is dead: the request may be accepted or lost, and nobody reads the answer.
    fn reach_or_lose(&mut self, owner: usize, member: usize) {
        let forget = |to: &mut State| {
            to.owners[owner].work[member] = Work::None;
            to.owners[owner].drop_done_claims();
        };
        self.add(Step::Answer { owner, member, answer: Answer::Accepted }, |to| {
            to.accept(owner, member);
            forget(to);
        });
        self.add(Step::LoseRequest { owner, member }, forget);
    }
}

impl State {
    fn accept(&mut self, owner: usize, member: usize) {
        let generation = self.owners[owner].claim_of(member).map_or(1, |claim| claim.generation);
        let accepted = &mut self.ledger[member][usize::from(generation) - 1];
        *accepted = (*accepted + 1).min(2);
    }

    fn answer(&mut self, owner: usize, member: usize, answer: Answer) {
        match answer {
            Answer::Accepted => self.accept(owner, member),
            Answer::Unsent => self.left.unsent -= 1,
            Answer::Cut => {
                self.left.faults -= 1;
                self.in_flight_at_fault = self.in_flight_at_fault.or(crate::state::Members::one(member));
            }
            Answer::Deferred => self.left.deferred -= 1,
            Answer::Refused | Answer::Suppressed => {}
        }
        self.owners[owner].work[member] = Work::Answered(answer);
    }
}
