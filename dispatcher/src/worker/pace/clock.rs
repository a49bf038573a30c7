//! The database's clock, by this process's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How fast the clocks of two machines may part, as a divisor of the time since they were compared.
const DRIFT: u32 = 10_000;

/// Of many comparisons the closest counts, for as long as clocks keep together.
#[derive(Default)]
pub(super) struct DatabaseClock(Mutex<Option<Compared>>);

#[derive(Clone, Copy)]
struct Compared {
    at: Instant,
    /// The database's time at that moment.
    micros: i64,
    /// How far it may be off.
    error: Duration,
}

impl DatabaseClock {
    /// A statement that was asked at one moment and answered at another said this time.
    pub(super) fn compare(&self, asked: Instant, micros: i64, answered: Instant) {
        let error = (answered - asked) / 2;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_closer = kept.is_none_or(|kept| error <= kept.error + (answered - kept.at) / DRIFT);
        if is_closer {
            *kept = Some(Compared { at: asked + error, micros, error });
        }
    }

    /// When it is this time at the database; none before they were compared.
    pub(super) fn instant(&self, micros: i64) -> Option<Instant> {
        let Compared { at, micros: then, .. } = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        match u64::try_from(micros - then) {
            Ok(later) => Some(at + Duration::from_micros(later)),
            Err(_) => at.checked_sub(Duration::from_micros((then - micros).unsigned_abs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_closest_comparison_of_clocks_counts() {
        let (clock, start) = (DatabaseClock::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(clock.instant(5), None);
        clock.compare(after(0), 1_000_000, after(100));
        assert_eq!(clock.instant(1_000_000), Some(after(50)));
        clock.compare(after(200), 1_154_000, after(204));
        assert_eq!(clock.instant(1_154_000), Some(after(202)), "closer");
        clock.compare(after(300), 1_200_000, after(390));
        assert_eq!(clock.instant(1_154_000), Some(after(202)), "farther");
    }
}
