//! A delivery: one notification to one recipient; it has attempts, and exactly one final outcome a generation.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::{DeliveryCommand, Failure, Outcome};
pub use self::error::DeliveryError;
pub use self::event::{Attempt, DeliveryEvent, FailureClass, SuppressionReason};
use crate::aggregate::aggregate;
use crate::personal::Personal;

/// What the rules need to know of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    generation: u32,
    settled: bool,
}

aggregate!(Delivery, "delivery", DeliveryCommand, DeliveryEvent, DeliveryError);

impl Delivery {
    /// What follows from an outcome, or why it comes too late.
    pub fn decide(&self, command: DeliveryCommand) -> Result<Vec<DeliveryEvent>, DeliveryError> {
        let DeliveryCommand { attempt, outcome } = command;
        let generation = attempt.generation;
        if generation < self.generation {
            return Err(DeliveryError::Superseded { generation });
        }
        if generation == self.generation && self.settled {
            return Err(DeliveryError::AlreadySettled { generation });
        }
        Ok(vec![outcome.of(attempt)])
    }

    fn fold(&mut self, event: DeliveryEvent) {
        self.generation = event.attempt().generation;
        self.settled = !matches!(event, DeliveryEvent::DeliveryDeferred { .. });
    }
}

impl Outcome {
    /// The event that records this outcome of an attempt.
    fn of(self, attempt: Attempt) -> DeliveryEvent {
        let sealed = |text| Personal::new(attempt.client.into(), text);
        match self {
            Self::Accepted { provider, reference } => {
                DeliveryEvent::DeliveryAccepted { attempt, provider, reference }
            }
            Self::Deferred { until, failure: Failure { provider, class, code, text } } => {
                DeliveryEvent::DeliveryDeferred {
                    attempt,
                    provider,
                    until,
                    class,
                    code,
                    detail: sealed(text),
                }
            }
            Self::Failed(Failure { provider, class, code, text }) => {
                DeliveryEvent::DeliveryFailed { attempt, provider, class, code, detail: sealed(text) }
            }
            Self::Suppressed { reason, provider } => {
                DeliveryEvent::DeliverySuppressed { attempt, reason, provider }
            }
            Self::InDoubt { provider, detail } => {
                DeliveryEvent::DeliveryPutInDoubt { attempt, provider, detail: sealed(detail) }
            }
            Self::Cancelled => DeliveryEvent::DeliveryCancelled { attempt },
        }
    }
}
