//! The parts of the bench that need no servers: turns, percentiles, figures of processes, the table.

mod measure;
mod process;
mod table;

pub use self::measure::{Caller, Sample, at_once, call_for, in_turns, median, per_second, percentile_ms};
pub use self::process::{Memory, cpu_of_tree, interrupt, megabytes, reset_peak};
pub use self::table::{Goal, Machine, Row, count, print};

/// Why a measurement failed, in a sentence for the person who runs the bench.
#[derive(Debug)]
pub struct Failed(String);

/// The result of a measurement.
pub type Outcome<T> = Result<T, Failed>;

impl Failed {
    /// A failure with this reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `Failed` is no `Error` itself, so that `?` converts every error.
impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
