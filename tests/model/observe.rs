//! Writes a run of the model down as a trace, from what an observer of the rows and of the ledger would see.

use crate::rules::{Member, Outcome};
use crate::state::{MEMBERS, Members, State, TASKS, Task};
use crate::steps::Step;
use crate::trace::{Entry, Ordinal};

/// The trace of a run.
pub(crate) fn trace(start: State, run: &[(Step, State)]) -> Vec<Entry> {
    let mut trace = Vec::new();
    for (place, row) in start.db.tasks.iter().enumerate().filter(|(_, row)| row.exists()) {
        trace.push(queued(place, row));
    }
    let mut before = start;
    for (_, after) in run {
        Change { before: &before, after }.write(&mut trace);
        before = *after;
    }
    trace
}

struct Change<'a> {
    before: &'a State,
    after: &'a State,
}

impl Change<'_> {
    fn write(&self, trace: &mut Vec<Entry>) {
        self.fences(trace);
        (0..MEMBERS).for_each(|member| self.events(member, trace));
        (0..TASKS).for_each(|task| self.task(task, trace));
        (0..MEMBERS).for_each(|member| self.ledger(member, trace));
    }

    fn fences(&self, trace: &mut Vec<Entry>) {
        for (place, row) in self.after.db.owners.iter().enumerate() {
            if row.fenced && !self.before.db.owners[place].fenced {
                trace.push(Entry::Fenced { owner: owner(self.after, place as u8) });
            }
        }
    }

    fn events(&self, member: usize, trace: &mut Vec<Entry>) {
        let (before, after) = (&self.before.db.stream, &self.after.db.stream);
        let sequence = u64::from(after.sequence);
        let members = vec![ordinal(member)];
        let generation = u32::from(after.generations[member]);
        if before.generations[member] != after.generations[member] {
            trace.push(Entry::Ordered { generation, members, sequence });
            return;
        }
        let illegal = self.after.db.illegal.filter(|(of, ..)| usize::from(*of) == member);
        let legal = outcome_between(before.members[member], after.members[member]);
        if let Some((attempt, outcome)) = illegal.map(|(_, attempt, outcome)| (attempt, outcome)).or(legal) {
            trace.push(Entry::Settled { generation, attempt, outcome, members, sequence });
        }
    }

    fn task(&self, place: usize, trace: &mut Vec<Entry>) {
        let (before, after) = (&self.before.db.tasks[place], &self.after.db.tasks[place]);
        if before.exists() && !after.exists() {
            trace.push(Entry::Finished { task: format!("{place}.{}", before.generation) });
            return;
        }
        let task = format!("{place}.{}", after.generation);
        if after.exists() && !before.exists() {
            trace.push(queued(place, after));
        } else if before.epoch != after.epoch {
            trace.push(self.moved(place, &task));
        }
        let epoch = u64::from(after.epoch);
        for member in after.members.each() {
            let members = vec![ordinal(member)];
            for start in 0..u8::BITS {
                let is_in = |marks: [u8; MEMBERS]| marks[member] & 1 << start != 0;
                if is_in(after.marks.starts) && !is_in(before.marks.starts) {
                    let owner = after.owner.map_or_else(String::new, |place| owner(self.before, place));
                    let (task, members) = (task.clone(), members.clone());
                    let (generation, attempt) = (u32::from(after.generation), after.attempt);
                    trace.push(Entry::Marked { task, epoch, owner, start, generation, attempt, members });
                }
                if is_in(after.marks.unsent) && !is_in(before.marks.unsent) {
                    let (task, members) = (task.clone(), members.clone());
                    trace.push(Entry::Unsent { task, epoch, start, members });
                }
            }
        }
    }

    /// A task was claimed, or it waits again.
    fn moved(&self, place: usize, task: &str) -> Entry {
        let row = &self.after.db.tasks[place];
        let (task, epoch) = (task.to_owned(), u64::from(row.epoch));
        match row.owner {
            Some(place) => Entry::Claimed { task, epoch, owner: owner(self.after, place) },
            None => Entry::Requeued { task, epoch, members: ordinals(row.members) },
        }
    }

    fn ledger(&self, member: usize, trace: &mut Vec<Entry>) {
        for (generation, accepted) in (1..).zip(self.after.ledger[member]) {
            if accepted > self.before.ledger[member][generation as usize - 1] {
                trace.push(Entry::Accepted { generation, member: ordinal(member) });
            }
        }
    }
}

/// The attempt and outcome of the event that lies between two states of a member.
fn outcome_between(before: Member, after: Member) -> Option<(u8, Outcome)> {
    let attempt = match before {
        _ if before == after => return None,
        Member::Open { ended } => ended + 1,
        Member::InDoubt { attempt } => attempt,
        Member::Accepted | Member::Failed => return None,
    };
    let outcome = match after {
        Member::Open { .. } => Outcome::Deferred,
        Member::Accepted => Outcome::Accepted,
        Member::Failed => Outcome::Failed,
        Member::InDoubt { .. } => Outcome::InDoubt,
    };
    Some((attempt, outcome))
}

fn queued(place: usize, row: &Task) -> Entry {
    let generation = u32::from(row.generation);
    let task = format!("{place}.{generation}");
    Entry::Queued { task, generation, members: ordinals(row.members) }
}

fn owner(state: &State, place: u8) -> String {
    format!("owner-{}", state.owners[usize::from(place)].name)
}

fn ordinal(member: usize) -> Ordinal {
    member as Ordinal + 1
}

fn ordinals(members: Members) -> Vec<Ordinal> {
    members.each().map(ordinal).collect()
}
