//! The rows that one provider has in hand but has not begun to send: few, the most urgent on top.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::queue::{BATCH_ROWS_MAX, QueueRow};

/// How long the rows on a desk should last: longer than a claim takes, and short enough that an alarm does not wait.
const AHEAD: Duration = Duration::from_millis(250);
/// How much of the measured rate the last moment counts.
const RATE_WEIGHT: f64 = 0.3;

/// Rows between their claim and their worker. Bounded by [`Desk::room`], which grows with the provider's speed.
pub(super) struct Desk {
    connections: usize,
    state: Mutex<State>,
    rows: Semaphore,
    /// Told when there is room again.
    pub(super) drained: Notify,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<i16, VecDeque<QueueRow>>,
    waiting: usize,
    taken: usize,
    rate_per_second: f64,
    measured_at: Option<Instant>,
}

impl Desk {
    pub(super) fn new(connections: usize) -> Self {
        Self { connections, state: Mutex::default(), rows: Semaphore::new(0), drained: Notify::new() }
    }

    /// How many rows may be claimed now; 0 while the desk is at least half full.
    pub(super) fn room(&self, now: Instant) -> usize {
        let mut state = self.state();
        let target = state.target(self.connections, now);
        let room = target.saturating_sub(state.waiting);
        if 2 * room < target { 0 } else { room }
    }

    /// Whether nothing waits here.
    pub(super) fn is_empty(&self) -> bool {
        self.state().waiting == 0
    }

    pub(super) fn put(&self, rows: Vec<QueueRow>) {
        let count = rows.len();
        let mut state = self.state();
        for row in rows {
            state.lanes.entry(row.lane).or_default().push_back(row);
        }
        state.waiting += count;
        drop(state);
        self.rows.add_permits(count);
    }

    /// Waits for the most urgent row.
    pub(super) async fn take(&self) -> Option<QueueRow> {
        self.rows.acquire().await.ok()?.forget();
        let row = self.state().pop();
        // Asking for room is cheap, and the pump does so only when it is told.
        self.drained.notify_one();
        row
    }

    /// Takes all that waits, for it will not be sent from here.
    pub(super) fn clear(&self) -> Vec<QueueRow> {
        self.rows.close();
        let mut state = self.state();
        state.waiting = 0;
        std::mem::take(&mut state.lanes).into_values().flatten().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pop(&mut self) -> Option<QueueRow> {
        let row = self.lanes.values_mut().find_map(VecDeque::pop_front)?;
        self.waiting -= 1;
        self.taken += 1;
        Some(row)
    }

    /// Enough for [`AHEAD`] at the speed of late, at least one for every connection, at most a batch.
    fn target(&mut self, connections: usize, now: Instant) -> usize {
        self.measure(now);
        let ahead = (self.rate_per_second * AHEAD.as_secs_f64()) as usize;
        ahead.max(connections).min(BATCH_ROWS_MAX)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    fn in_lane(number: u128, lane: i16) -> QueueRow {
        QueueRow { lane, ..row(number) }
    }

    #[tokio::test]
    async fn an_alarm_goes_before_what_was_claimed_earlier() {
        let desk = Desk::new(8);
        desk.put(vec![in_lane(1, 3), in_lane(2, 1)]);
        desk.put(vec![in_lane(3, 0)]);
        let mut order = Vec::new();
        for _ in 0..3 {
            order.push(desk.take().await.expect("a row").lane);
        }
        assert_eq!(order, [0, 1, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_provider_has_no_more_on_its_desk_than_its_connections() {
        let desk = Desk::new(8);
        assert_eq!(desk.room(Instant::now()), 8);
        desk.put((0..8).map(row).collect());
        assert_eq!(desk.room(Instant::now()), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_provider_gets_more_ahead_but_never_more_than_a_batch() {
        let desk = Desk::new(8);
        let mut rooms = Vec::new();
        for _ in 0..50 {
            let room = desk.room(Instant::now());
            rooms.push(room);
            desk.put((0..room as u128).map(row).collect());
            for _ in 0..room {
                desk.take().await.expect("a row");
            }
            tokio::time::advance(AHEAD / 10).await;
        }
        assert_eq!(rooms[0], 8);
        assert_eq!(rooms.last(), Some(&BATCH_ROWS_MAX));
        assert!(rooms.iter().all(|room| *room <= BATCH_ROWS_MAX));
    }

    #[tokio::test]
    async fn a_cleared_desk_gives_nothing_more() {
        let desk = Desk::new(8);
        desk.put(vec![row(1), row(2)]);
        assert_eq!(desk.clear().len(), 2);
        assert!(desk.take().await.is_none() && desk.is_empty());
    }
}
