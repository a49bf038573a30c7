//! The restart policy of a server that ends by itself: a bounded number of restarts in a window, with growing pauses.

use std::time::Duration;

use tokio::time::Instant;

/// How many restarts within [`WINDOW`] a guard makes before it gives up.
const RESTARTS_MAX: u32 = 8;

/// After this time without a restart the count starts over.
const WINDOW: Duration = Duration::from_secs(60);

/// The pause before the first restart; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Counts the restarts of one server.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    count: u32,
    last: Option<Instant>,
}

impl Restarts {
    /// The pause before the next restart; none after too many.
    pub(crate) fn next_pause(&mut self, now: Instant) -> Option<Duration> {
        if self.last.is_some_and(|last| now.duration_since(last) > WINDOW) {
            self.count = 0;
        }
        self.last = Some(now);
        self.count += 1;
        (self.count <= RESTARTS_MAX).then(|| FIRST_PAUSE * 2_u32.pow(self.count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_the_guard_gives_up() {
        let mut restarts = Restarts::default();
        let now = Instant::now();
        let pauses: Vec<_> = std::iter::from_fn(|| restarts.next_pause(now)).collect();
        assert_eq!(pauses.len(), RESTARTS_MAX as usize);
        assert!(pauses.windows(2).all(|pair| pair[1] == pair[0] * 2));
    }

    #[test]
    fn a_quiet_window_resets_the_count() {
        let mut restarts = Restarts::default();
        let now = Instant::now();
        while restarts.next_pause(now).is_some() {}
        let later = now + WINDOW + Duration::from_secs(1);
        assert_eq!(restarts.next_pause(later), Some(FIRST_PAUSE));
    }
}
