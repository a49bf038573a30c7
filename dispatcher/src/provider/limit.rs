//! The rate limit of a provider, over all of its connections in all processes.

use std::num::NonZeroU32;

/// The most messages a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(Option<NonZeroU32>);

impl RateLimit {
    /// `rate_per_second` 0 means no limit.
    pub const fn new(rate_per_second: u32) -> Self {
        Self(NonZeroU32::new(rate_per_second))
    }

    /// The most messages a second; none: no limit.
    pub const fn per_second(self) -> Option<NonZeroU32> {
        self.0
    }
}
