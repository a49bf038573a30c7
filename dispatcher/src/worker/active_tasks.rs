//! The tasks that an owner is sending, and where their jobs go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::active_task::ActiveTask;
use super::channel_route::ChannelRoute;
use crate::tasks::ChunkId;

/// A task with the route whose providers carry it.
#[derive(Clone)]
pub(super) struct Active {
    pub(super) task: Arc<ActiveTask>,
    pub(super) route: Arc<ChannelRoute>,
}

/// Every task between its claim and its end. Bounded by what the dispatch buffers want.
#[derive(Default)]
pub(super) struct ActiveTasks(Mutex<HashMap<ChunkId, Active>>);

impl ActiveTasks {
    pub(super) fn add(&self, active: Active) {
        self.tasks().insert(active.task.task.id, active);
    }

    /// Forgets a task, unless it was claimed anew.
    pub(super) fn remove(&self, task: &ActiveTask) {
        let mut tasks = self.tasks();
        if tasks.get(&task.task.id).is_some_and(|active| active.task.task.epoch == task.task.epoch) {
            tasks.remove(&task.task.id);
        }
    }

    pub(super) fn get(&self, id: ChunkId) -> Option<Active> {
        self.tasks().get(&id).cloned()
    }

    /// Whether this claim of a task is being sent.
    pub(super) fn has(&self, id: ChunkId, epoch: i64) -> bool {
        self.tasks().get(&id).is_some_and(|active| active.task.task.epoch == epoch)
    }

    pub(super) fn all(&self) -> Vec<Active> {
        self.tasks().values().cloned().collect()
    }

    /// Those that go a route.
    pub(super) fn of(&self, route: &Arc<ChannelRoute>) -> Vec<Arc<ActiveTask>> {
        let tasks = self.tasks();
        let of_route = tasks.values().filter(|active| Arc::ptr_eq(&active.route, route));
        of_route.map(|active| Arc::clone(&active.task)).collect()
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<ChunkId, Active>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
