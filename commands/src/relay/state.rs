//! The state of a relay, and how it is published.

use std::fmt;

use domain::Position;

use super::Relay;

/// The state of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayState {
    /// Another process leads.
    Waiting,
    /// Everything up to this position was sent to the stream. While more events follow, the last page is not
    /// acknowledged yet.
    Following {
        /// The last published position.
        position: Position,
    },
    /// NATS or PostgreSQL failed; the relay tries again.
    Interrupted {
        /// What failed, without personal data.
        reason: String,
    },
    /// Stream and log disagree; the relay waits until an operator recreates the stream.
    Halted(Halt),
}

/// Why a relay has halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// The stream has events that the log does not have, as after an old backup was restored.
    Ahead {
        /// The stream's last sequence.
        last: Position,
        /// The log's last position.
        head: Position,
    },
    /// The stream's last message is not the event that the log has there.
    Differs {
        /// The position of both.
        at: Position,
    },
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead { last, head } => write!(f, "JetStream is at {last}, ahead of PostgreSQL at {head}"),
            Self::Differs { at } => write!(f, "JetStream and PostgreSQL have different events at {at}"),
        }
    }
}

impl Relay {
    /// Enters a state. Each change is logged once.
    pub(super) fn enter(&self, state: RelayState) {
        let changed = self.state.send_replace(state.clone()) != state;
        metrics::gauge!("mensajeria_relay_halted").set(if matches!(state, RelayState::Halted(_)) {
            1.0
        } else {
            0.0
        });
        if !changed {
            return;
        }
        match state {
            RelayState::Waiting | RelayState::Following { .. } => {}
            RelayState::Interrupted { reason } => tracing::warn!(reason, "the relay was interrupted"),
            RelayState::Halted(halt) => {
                tracing::error!(reason = %halt, "the relay has halted; `mensajeria relay recreate` is the way out");
            }
        }
    }

    pub(super) fn is_halted(&self) -> bool {
        matches!(*self.state.borrow(), RelayState::Halted(_))
    }
}
