//! What a housekeeper does about an owner whose beat stands still: it fences the owner, then reads the marks, then takes
//! the tasks back.

use super::{Step, Steps};
use crate::state::{OWNERS, TASKS, View};
use crate::statement::Statement;
use crate::variant::Variant;

impl Steps<'_> {
    pub(super) fn of_housekeeper(&mut self) {
        (0..OWNERS).for_each(|owner| self.fence(owner));
        (0..TASKS).for_each(|task| self.look(task));
        self.take_back();
    }

    /// The beat of a dead owner stands still. So does that of a live one which is frozen or cut off from the database:
    /// nobody can tell the two apart. A frozen owner is one that takes no step for a while.
    fn fence(&mut self, owner: usize) {
        let row = self.from.db.owners[owner];
        let is_alive = self.from.owners[owner].is_alive;
        let has_task = self.from.db.tasks.iter().any(|task| task.owner == Some(owner as u8));
        if !row.registered || row.fenced || (is_alive && (self.from.left.faults == 0 || !has_task)) {
            return;
        }
        self.issue(Step::Fence { owner }, Statement::Fence { owner: owner as u8 }, |to, _| {
            if is_alive {
                to.left.faults -= 1;
                to.remember_in_flight(owner);
            }
        });
    }

    /// Reads the marks and the stream of a fenced owner's task.
    fn look(&mut self, task: usize) {
        let row = self.from.db.tasks[task];
        let Some(owner) = row.owner else { return };
        let is_early = self.variant == Variant::LookBeforeFence;
        if !is_early && !self.from.db.is_fenced(owner) {
            return;
        }
        let view = View {
            task: task as u8,
            epoch: row.epoch,
            started: row.marks.started(),
            seen: self.from.db.stream,
        };
        self.add(Step::Look { task }, |to| to.view = Some(view));
    }

    fn take_back(&mut self) {
        let Some(view) = self.from.view else { return };
        self.issue(Step::TakeBack, Statement::TakeBack(view), |to, _| to.view = None);
    }
}
