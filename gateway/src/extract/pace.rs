//! The minimum pace of a body: an average rate after a grace period, and timeouts.

use std::time::Duration;

use tokio::time::Instant;

/// The minimum pace of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The minimum average rate since the beginning, not counting the grace period.
    pub(crate) least_bytes_per_s: u32,
    /// The grace period, in which the body may be slower.
    pub(crate) grace: Duration,
    /// The timeout of the next piece.
    pub(crate) next: Duration,
    /// The timeout of the whole body.
    pub(crate) whole: Duration,
}

impl Pace {
    /// Starts the clock of a body.
    pub(crate) fn begin(self) -> Arrival {
        Arrival { pace: self, began: Instant::now() }
    }
}

/// The progress of a body that is arriving.
#[derive(Debug)]
pub(crate) struct Arrival {
    pace: Pace,
    began: Instant,
}

impl Arrival {
    /// The deadline for the next byte after `bytes` bytes. A piece that is already buffered is never late: then the
    /// reader is slow, not the sender.
    pub(crate) fn next_by(&self, bytes: usize) -> Instant {
        let Pace { least_bytes_per_s, grace, next, whole } = self.pace;
        let at_least_rate = Duration::from_secs_f64(bytes as f64 / f64::from(least_bytes_per_s));
        (Instant::now() + next).min(self.began + whole.min(grace + at_least_rate))
    }
}
