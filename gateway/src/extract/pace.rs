//! How fast a body must come: at a least rate in the mean, after a grace, and within bounds.

use std::time::Duration;

use tokio::time::Instant;

/// How fast a body must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The least rate, in the mean since the beginning but for the grace.
    pub(crate) least_bytes_per_s: u32,
    /// How long it may come slower than that.
    pub(crate) grace: Duration,
    /// How long the next piece may take.
    pub(crate) next: Duration,
    /// How long all of it may take.
    pub(crate) whole: Duration,
}

impl Pace {
    /// The body begins to come now.
    pub(crate) fn begin(self) -> Arrival {
        Arrival { pace: self, began: Instant::now() }
    }
}

/// A body on its way.
#[derive(Debug)]
pub(crate) struct Arrival {
    pace: Pace,
    began: Instant,
}

impl Arrival {
    /// When more than these bytes must have come. A piece that waits already is never late: then its reader is slow, and
    /// not its sender.
    pub(crate) fn next_by(&self, bytes: usize) -> Instant {
        let Pace { least_bytes_per_s, grace, next, whole } = self.pace;
        let at_least_rate = Duration::from_secs_f64(bytes as f64 / f64::from(least_bytes_per_s));
        (Instant::now() + next).min(self.began + whole.min(grace + at_least_rate))
    }
}
