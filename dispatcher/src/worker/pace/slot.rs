//! The slot of one message.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::calendar::{JITTER, Shift, micros};
use super::limit::Limits;
use super::waiting::Waiting;

/// How late a message may be given to its provider. One that is not ready by then needs another slot. To be late costs as much of
/// the limit as it is late, another slot all of it.
const LATE_MAX: Duration = Duration::from_millis(300);
/// How late a message is taken to have arrived at most. The slot of a second later is given by then.
const ARRIVAL_MAX: Duration = Duration::from_millis(500);
/// How much later than its slot a message arrives without having it moved: [`JITTER`], less what clocks differ by.
const TOLERATED: Duration = Duration::from_millis(JITTER.as_millis() as u64 - 2);

/// A moment at which a provider may be given one message, in the calendars of all limits that the message is under. Dropped
/// before it is used, it is given back.
pub(in crate::worker) struct Slot {
    pub(super) limits: Limits,
    /// By the database's clock.
    pub(super) micros: i64,
    pub(super) at: Instant,
    pub(super) waiting: Arc<Waiting>,
    /// When the message was given to the provider.
    pub(super) used_at: Option<Instant>,
}

impl Slot {
    pub(super) fn new(limits: Limits, micros: i64, at: Instant, waiting: Arc<Waiting>) -> Self {
        Self { limits, micros, at, waiting, used_at: None }
    }

    /// Waits for the slot, and uses it. False if it is missed.
    pub(super) async fn is_met(&mut self) -> bool {
        if Instant::now() <= self.at + LATE_MAX {
            sleep_until(self.at).await;
        }
        let now = Instant::now();
        if now > self.at + LATE_MAX {
            return false;
        }
        self.used_at = Some(now);
        self.waiting.begin();
        true
    }

    /// How long the message has been with the provider; none if it was not given to it.
    pub(in crate::worker) fn used_for(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.used_at?))
    }

    /// The provider has answered. The message arrived at some time since the slot was used, and `after` before the answer at
    /// the latest.
    pub(in crate::worker) fn answered(self, answered: Instant, after: Duration) {
        let Some(used_at) = self.used_at else { return };
        let arrived = answered.checked_sub(after).map_or(used_at, |arrived| arrived.max(used_at));
        let late = arrived.saturating_duration_since(self.at).min(ARRIVAL_MAX);
        if late > TOLERATED {
            metrics::counter!("mensajeria_send_slots_late_total").increment(1);
            self.waiting.shift(self.shifts(Some(self.micros + micros(late - TOLERATED))));
        }
    }

    fn shifts(&self, to: Option<i64>) -> Vec<Shift> {
        let of =
            |limit: &super::limit::Limit| Shift { limit: Arc::clone(&limit.name), from: self.micros, to };
        self.limits.iter().map(of).collect()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        match self.used_at {
            Some(_) => self.waiting.end(),
            None => self.waiting.shift(self.shifts(None)),
        }
    }
}

/// Ids only.
impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("micros", &self.micros).finish_non_exhaustive()
    }
}
