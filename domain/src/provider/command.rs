//! The commands of a provider.

use chrono::{DateTime, Utc};

use super::event::{MoveCause, ProviderEvent};
use super::traffic::Share;
use crate::value::{Channel, StatedReason};

/// A command of one provider.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderCommand {
    /// Give it no more messages until it is resumed.
    Pause {
        /// The channel that it carries.
        channel: Channel,
        /// Its name in the configuration.
        name: String,
        /// Why.
        reason: StatedReason,
    },
    /// Give it messages again.
    Resume {
        /// The channel that it carries.
        channel: Channel,
        /// Its name in the configuration.
        name: String,
    },
    /// Give it more or less of its turns.
    MoveTraffic(MoveTraffic),
}

/// A step from one share to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTraffic {
    /// The channel that the provider carries.
    pub channel: Channel,
    /// Its name in the configuration.
    pub name: String,
    /// The share that it has.
    pub from: Share,
    /// The share that it gets.
    pub to: Share,
    /// What has led to it.
    pub cause: MoveCause,
    /// How many sends have shown it.
    pub bad: u64,
    /// Of how many.
    pub of: u64,
    /// How long an answer may take before it counts as slow, in milliseconds.
    pub slow_after_ms: Option<u32>,
    /// Above how many percent of late receipts they count as late.
    pub late_above_percent: Option<u8>,
    /// When it is decided.
    pub at: DateTime<Utc>,
}

impl From<MoveTraffic> for ProviderEvent {
    fn from(moved: MoveTraffic) -> Self {
        let MoveTraffic { channel, name, from, to, cause, bad, of, slow_after_ms, late_above_percent, at } =
            moved;
        Self::TrafficMoved { channel, name, from, to, cause, bad, of, slow_after_ms, late_above_percent, at }
    }
}
