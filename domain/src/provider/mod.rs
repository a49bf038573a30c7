//! A provider as operators and the system handle it: paused or not, and which share of its turns it gets.
//!
//! Its stream is found by channel and name. Everything else about a provider stands in the configuration.

mod answer_times;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;
mod traffic;
#[cfg(test)]
mod traffic_tests;

use serde::{Deserialize, Serialize};

pub use self::answer_times::AnswerTimes;
pub use self::command::{MoveTraffic, ProviderCommand};
pub use self::error::ProviderError;
pub use self::event::{MoveCause, ProviderEvent};
pub use self::traffic::{
    Bounds, Evidence, Move, Others, RECEIPT_WITHIN, RETURN_AFTER, Receipts, SHARES, Share, Traffic,
    UNTRIED_AFTER, can_take, is_suspect, next_move,
};
use crate::aggregate::aggregate;
use crate::personal::Personal;
use crate::value::{Channel, ProviderId, StatedReason};

/// The aggregate type of the streams of providers.
pub const PROVIDER: &str = "provider";

/// The state of a provider that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    is_paused: bool,
    traffic: Traffic,
}

aggregate!(Provider, PROVIDER, ProviderCommand, ProviderEvent, ProviderError);

impl Provider {
    /// Whether it gets no messages until it is resumed.
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The share of its turns that it gets, and since when.
    pub const fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Decides a command. Asking twice changes nothing, and neither does a move from a share that is not the present one:
    /// another process has decided meanwhile.
    pub fn decide(&self, command: ProviderCommand) -> Result<Vec<ProviderEvent>, ProviderError> {
        Ok(match command {
            ProviderCommand::Pause { .. } if self.is_paused => vec![],
            ProviderCommand::Pause { channel, name, reason } => vec![paused(channel, name, reason)],
            ProviderCommand::Resume { .. } if !self.is_paused => vec![],
            ProviderCommand::Resume { channel, name } => {
                vec![ProviderEvent::ProviderResumed { channel, name }]
            }
            ProviderCommand::MoveTraffic(moved) if moved.from != self.traffic.share => vec![],
            ProviderCommand::MoveTraffic(moved) => vec![moved.into()],
        })
    }

    fn fold(&mut self, event: ProviderEvent) {
        match event {
            ProviderEvent::ProviderPaused { .. } => self.is_paused = true,
            ProviderEvent::ProviderResumed { .. } => self.is_paused = false,
            ProviderEvent::TrafficMoved { to, slow_after_ms, late_above_percent, at, .. } => {
                self.traffic = Traffic { share: to, moved_at: Some(at), slow_after_ms, late_above_percent };
            }
        }
    }
}

/// The reason may name somebody: it is under a key of the provider's own.
fn paused(channel: Channel, name: String, reason: StatedReason) -> ProviderEvent {
    let key = ProviderId::of(channel, &name).into();
    ProviderEvent::ProviderPaused { channel, name, reason: Personal::new(key, reason.into_string()) }
}
