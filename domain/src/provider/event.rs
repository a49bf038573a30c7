//! The events of a provider.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::traffic::Share;
use crate::aggregate::events;
use crate::personal::Personal;
use crate::value::{Channel, words};

words! {
    /// What has led to a move of traffic.
    MoveCause {
        /// Its acceptances take too long.
        SlowAnswers = "slow_answers",
        /// Its receipts come too late, or not at all.
        LateReceipts = "late_receipts",
        /// Too many of its answers leave doubt.
        Doubts = "doubts",
        /// It answers in time again.
        Recovered = "recovered",
        /// Too few messages went to it for long to say how it answers.
        Untried = "untried",
    }
}

/// An event of one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ProviderEvent {
    /// It gets no more messages.
    ProviderPaused {
        /// The channel that it carries.
        channel: Channel,
        /// Its name in the configuration.
        name: String,
        /// Why.
        reason: Personal<String>,
    },
    /// It gets messages again.
    ProviderResumed {
        /// The channel that it carries.
        channel: Channel,
        /// Its name in the configuration.
        name: String,
    },
    /// It gets another share of its turns; the next provider gets the rest.
    TrafficMoved {
        /// The channel that it carries.
        channel: Channel,
        /// Its name in the configuration.
        name: String,
        /// The share before, in percent.
        from: Share,
        /// The share from now on, in percent.
        to: Share,
        /// What has led to it.
        cause: MoveCause,
        /// How many sends have shown it.
        bad: u64,
        /// Of how many.
        of: u64,
        /// How long an acceptance may take before it counts as slow, in milliseconds, until traffic is back.
        slow_after_ms: Option<u32>,
        /// Above how many percent of late receipts they count as late, until traffic is back; none if they were in time.
        late_above_percent: Option<u8>,
        /// When it was decided.
        at: DateTime<Utc>,
    },
}

events!(ProviderEvent { ProviderPaused => "1", ProviderResumed => "1", TrafficMoved => "1" });

impl ProviderEvent {
    /// The provider's channel and name.
    pub fn of(&self) -> (Channel, &str) {
        match self {
            Self::ProviderPaused { channel, name, .. }
            | Self::ProviderResumed { channel, name }
            | Self::TrafficMoved { channel, name, .. } => (*channel, name),
        }
    }
}
