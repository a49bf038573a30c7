//! How long a provider takes to answer at least.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a shortest time counts, at least.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How much shorter than the shortest the time from a message's arrival to its answer may be.
const MARGIN: Duration = Duration::from_millis(10);

/// The shortest time of an answer of late. A message of a slow provider arrives long before its answer.
#[derive(Default)]
pub(in crate::worker) struct AnswerTimes(Mutex<Option<Shortest>>);

#[derive(Clone, Copy)]
struct Shortest {
    since: Instant,
    now: Duration,
    before: Duration,
}

impl AnswerTimes {
    /// Takes in how long an answer took; returns how long before it the message arrived, at least.
    pub(in crate::worker) fn after(&self, took: Duration, now: Instant) -> Duration {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shortest = kept.get_or_insert(Shortest { since: now, now: took, before: took });
        if now.saturating_duration_since(shortest.since) > REMEMBERED {
            *shortest = Shortest { since: now, now: took, before: shortest.now };
        }
        shortest.now = shortest.now.min(took);
        shortest.now.min(shortest.before).saturating_sub(MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_shortest_time_of_late_counts_and_is_forgotten() {
        let (times, start) = (AnswerTimes::default(), Instant::now());
        let after = |second, took| {
            times.after(Duration::from_millis(took), start + Duration::from_secs(second)).as_millis()
        };
        assert_eq!((after(0, 300), after(1, 200), after(2, 900)), (290, 190, 190));
        assert_eq!((after(70, 500), after(80, 400)), (190, 190), "the time before counts");
        assert_eq!(after(140, 600), 390);
        assert_eq!(after(141, 4), 0, "a near provider has received the message when it answers");
    }
}
