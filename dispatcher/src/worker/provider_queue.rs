//! The jobs that one provider is about to be given: few, the most urgent on top.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::BATCH_PEOPLE_MAX;
use super::job::Job;

/// How long the jobs of a queue should last: longer than a claim takes, and short enough that an alarm does not wait.
const AHEAD: Duration = Duration::from_millis(250);
/// How much of the measured rate the last moment counts.
const RATE_WEIGHT: f64 = 0.3;

/// Jobs between the dispatch buffer and a worker. Bounded by [`ProviderQueue::room`], which grows with the provider's speed.
pub(super) struct ProviderQueue {
    connections: usize,
    /// How many jobs of a provider under a limit wait for their slots.
    slots_ahead: usize,
    state: Mutex<State>,
    jobs: Semaphore,
    /// Told when there is room again.
    pub(super) drained: Notify,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<usize, VecDeque<Job>>,
    /// Those that wait for a slot before they come here are among them.
    waiting: usize,
    /// How many alarms wait for a slot.
    alarms_expected: usize,
    taken: usize,
    rate_per_second: f64,
    measured_at: Option<Instant>,
}

impl ProviderQueue {
    pub(super) fn new(connections: usize, slots_ahead: usize) -> Self {
        let (state, jobs, drained) = (Mutex::default(), Semaphore::new(0), Notify::new());
        Self { connections, slots_ahead, state, jobs, drained }
    }

    /// How many jobs may be put in now; 0 while the queue is at least half full.
    pub(super) fn room(&self, now: Instant) -> usize {
        let mut state = self.state();
        room(self.target_of(&mut state, now), state.waiting)
    }

    /// How many alarms may be put in now: as if nothing else waited, since they go before it.
    pub(super) fn room_for_alarms(&self, now: Instant) -> usize {
        let mut state = self.state();
        room(self.target_of(&mut state, now), state.alarms())
    }

    /// Whether nothing waits here, nor for a slot before it comes here.
    pub(super) fn is_empty(&self) -> bool {
        self.state().waiting == 0
    }

    /// How many jobs are put in at once at the provider's speed of late.
    pub(super) fn target(&self, now: Instant) -> usize {
        let mut state = self.state();
        self.target_of(&mut state, now)
    }

    fn target_of(&self, state: &mut State, now: Instant) -> usize {
        state.target(self.connections, now).max(self.slots_ahead)
    }

    /// A job of this lane waits for a slot, and comes by [`Self::put_expected`].
    pub(super) fn expect(&self, lane: usize) {
        let mut state = self.state();
        state.waiting += 1;
        state.alarms_expected += usize::from(lane == 0);
    }

    /// Takes in a job that was expected.
    pub(super) fn put_expected(&self, job: Job) {
        let mut state = self.state();
        state.waiting -= 1;
        state.alarms_expected -= usize::from(job.is_alarm());
        drop(state);
        self.put(job);
    }

    pub(super) fn put(&self, job: Job) {
        let mut state = self.state();
        state.lanes.entry(job.lane()).or_default().push_back(job);
        state.waiting += 1;
        drop(state);
        self.jobs.add_permits(1);
    }

    /// Waits for the most urgent job.
    pub(super) async fn take(&self) -> Option<Job> {
        self.jobs.acquire().await.ok()?.forget();
        let mut state = self.state();
        let job = state.pop();
        // Not after each job: the pump looks at much else when it is told.
        let target = self.target_of(&mut state, Instant::now());
        let is_alarm = job.as_ref().is_some_and(Job::is_alarm);
        if room(target, state.waiting) > 0 || (is_alarm && room(target, state.alarms()) > 0) {
            self.drained.notify_one();
        }
        job
    }

    /// Takes out all that no worker has taken, in the order in which they would be.
    pub(super) fn drain(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        // A worker that has a permit finds its job, so that only jobs with a permit left are taken.
        while let Ok(permit) = self.jobs.try_acquire() {
            permit.forget();
            jobs.extend(self.state().withdraw());
        }
        jobs
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pop(&mut self) -> Option<Job> {
        let job = self.withdraw()?;
        self.taken += 1;
        Some(job)
    }

    /// The most urgent job, which is not counted for the provider's speed.
    fn withdraw(&mut self) -> Option<Job> {
        let job = self.lanes.values_mut().find_map(VecDeque::pop_front)?;
        self.waiting -= 1;
        Some(job)
    }

    fn alarms(&self) -> usize {
        self.lanes.get(&0).map_or(0, VecDeque::len) + self.alarms_expected
    }

    /// Enough for [`AHEAD`] at the speed of late, at least one for every connection, at most a batch.
    fn target(&mut self, connections: usize, now: Instant) -> usize {
        self.measure(now);
        let ahead = (self.rate_per_second * AHEAD.as_secs_f64()) as usize;
        ahead.max(connections).min(BATCH_PEOPLE_MAX)
    }

    fn measure(&mut self, now: Instant) {
        let Some(since) = self.measured_at else {
            self.measured_at = Some(now);
            return;
        };
        let elapsed = now.duration_since(since);
        if elapsed < AHEAD / 10 {
            return;
        }
        let rate = self.taken as f64 / elapsed.as_secs_f64();
        self.rate_per_second += RATE_WEIGHT * (rate - self.rate_per_second);
        (self.taken, self.measured_at) = (0, Some(now));
    }
}

/// Nothing until half of the target is gone.
const fn room(target: usize, waiting: usize) -> usize {
    let room = target.saturating_sub(waiting);
    if 2 * room < target { 0 } else { room }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::testing::jobs_of;

    fn put(queue: &ProviderQueue, lane: i16, people: usize) {
        jobs_of(lane, 1, people).into_iter().for_each(|job| queue.put(job));
    }

    #[tokio::test]
    async fn an_alarm_goes_before_what_came_earlier() {
        let queue = ProviderQueue::new(8, 0);
        for lane in [3, 1, 0] {
            put(&queue, lane, 1);
        }
        let mut order = Vec::new();
        for _ in 0..3 {
            order.push(queue.take().await.expect("a job").lane());
        }
        assert_eq!(order, [0, 1, 3]);
    }

    #[tokio::test]
    async fn what_no_worker_has_taken_is_taken_back_and_workers_find_what_comes_after() {
        let queue = ProviderQueue::new(8, 0);
        for lane in [3, 0, 1] {
            put(&queue, lane, 1);
        }
        assert_eq!(queue.take().await.expect("a job").lane(), 0);
        assert_eq!(queue.drain().iter().map(Job::lane).collect::<Vec<_>>(), [1, 3]);
        assert!(queue.is_empty() && queue.drain().is_empty());
        put(&queue, 1, 1);
        assert_eq!(queue.take().await.expect("a job").lane(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_has_room_for_alarms() {
        let queue = ProviderQueue::new(8, 0);
        put(&queue, 1, 8);
        assert_eq!((queue.room(Instant::now()), queue.room_for_alarms(Instant::now())), (0, 8));
        put(&queue, 0, 8);
        assert_eq!(queue.room_for_alarms(Instant::now()), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_provider_has_no_more_before_it_than_its_connections() {
        let queue = ProviderQueue::new(8, 0);
        assert_eq!(queue.room(Instant::now()), 8);
        put(&queue, 1, 8);
        assert_eq!(queue.room(Instant::now()), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_provider_gets_more_ahead_but_never_more_than_a_batch() {
        let queue = ProviderQueue::new(8, 0);
        let mut rooms = Vec::new();
        for _ in 0..50 {
            let room = queue.room(Instant::now());
            rooms.push(room);
            put(&queue, 1, room);
            for _ in 0..room {
                queue.take().await.expect("a job");
            }
            tokio::time::advance(AHEAD / 10).await;
        }
        assert_eq!(rooms[0], 8);
        assert_eq!(rooms.last(), Some(&BATCH_PEOPLE_MAX));
        assert!(rooms.iter().all(|room| *room <= BATCH_PEOPLE_MAX));
    }
}
