//! Totals of deliveries by state.

use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};

use crate::value::words;

words! {
    /// Where a delivery stands, as screens and programs are told. Bounced counts as failed, complained as delivered.
    DeliveryState {
        /// Not yet tried in this generation.
        Pending = "pending",
        /// A provider took it.
        Accepted = "accepted",
        /// The recipient has it.
        Delivered = "delivered",
        /// To be tried again.
        Deferred = "deferred",
        /// It will not be tried again.
        Failed = "failed",
        /// It must not be sent.
        Suppressed = "suppressed",
        /// Nobody can tell.
        InDoubt = "in_doubt",
        /// Cancelled before it was sent.
        Cancelled = "cancelled",
    }
}

impl DeliveryState {
    /// Whether something is still to be sent.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Deferred)
    }

    /// Whether the state has a cause worth showing.
    pub const fn has_a_cause(self) -> bool {
        matches!(self, Self::Deferred | Self::Failed | Self::Suppressed | Self::InDoubt)
    }
}

/// How many deliveries have which final outcome. A difference may be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// A provider took it.
    pub accepted: i64,
    /// The recipient has it.
    pub delivered: i64,
    /// It will not be tried again.
    pub failed: i64,
    /// It must not be sent.
    pub suppressed: i64,
    /// Nobody can tell.
    pub in_doubt: i64,
    /// Cancelled before it was sent.
    pub cancelled: i64,
}

impl Totals {
    /// All of them.
    pub const fn sum(&self) -> i64 {
        self.accepted + self.delivered + self.failed + self.suppressed + self.in_doubt + self.cancelled
    }

    /// Whether a delivery has failed, or may have since: a doubt may end as a failure at any time.
    pub const fn may_have_failures(&self) -> bool {
        self.failed > 0 || self.in_doubt > 0
    }

    /// Adds one delivery in a state; open states are not counted.
    pub const fn count(&mut self, state: DeliveryState) {
        match state {
            DeliveryState::Pending | DeliveryState::Deferred => {}
            DeliveryState::Accepted => self.accepted += 1,
            DeliveryState::Delivered => self.delivered += 1,
            DeliveryState::Failed => self.failed += 1,
            DeliveryState::Suppressed => self.suppressed += 1,
            DeliveryState::InDoubt => self.in_doubt += 1,
            DeliveryState::Cancelled => self.cancelled += 1,
        }
    }

    fn with(self, other: Self, join: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            accepted: join(self.accepted, other.accepted),
            delivered: join(self.delivered, other.delivered),
            failed: join(self.failed, other.failed),
            suppressed: join(self.suppressed, other.suppressed),
            in_doubt: join(self.in_doubt, other.in_doubt),
            cancelled: join(self.cancelled, other.cancelled),
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        *self = self.with(other, |one, two| one + two);
    }
}

impl Sub for Totals {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.with(other, |one, two| one - two)
    }
}
