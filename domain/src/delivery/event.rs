//! What has happened to a delivery.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::personal::Personal;
use crate::value::{ClientId, CompanyId, NotificationId};

pub use crate::deliveries::{FailureClass, SuppressionReason};

/// One fact in the history of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DeliveryEvent {
    /// A provider took it.
    DeliveryAccepted {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
        /// Who carries it.
        provider: String,
        /// The provider's own name for it.
        reference: String,
    },
    /// It is to be tried again.
    DeliveryDeferred {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
        /// The provider that refused it for now.
        provider: Option<String>,
        /// Not before this.
        until: DateTime<Utc>,
        /// What kind of failure it is.
        class: FailureClass,
        /// The provider's code.
        code: String,
        /// The provider's text, under the client's key.
        detail: Personal<String>,
    },
    /// It failed for good.
    DeliveryFailed {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
        /// The provider that refused it.
        provider: Option<String>,
        /// What kind of failure it is.
        class: FailureClass,
        /// The provider's code.
        code: String,
        /// The provider's text, under the client's key.
        detail: Personal<String>,
    },
    /// It must not be sent.
    DeliverySuppressed {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
        /// Why.
        reason: SuppressionReason,
        /// The provider that says so; none if we know it ourselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
    },
    /// Nobody can tell whether it was sent.
    DeliveryPutInDoubt {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
        /// The provider it was being given to.
        provider: String,
        /// What was seen last, under the client's key.
        detail: Personal<String>,
    },
    /// The notification was cancelled before it was sent.
    DeliveryCancelled {
        /// Which attempt.
        #[serde(flatten)]
        attempt: Attempt,
    },
}

events!(DeliveryEvent {
    DeliveryAccepted => "1", DeliveryDeferred => "1", DeliveryFailed => "1",
    DeliverySuppressed => "1", DeliveryPutInDoubt => "1", DeliveryCancelled => "1",
});

impl DeliveryEvent {
    /// Which attempt it is about.
    pub const fn attempt(&self) -> Attempt {
        match self {
            Self::DeliveryAccepted { attempt, .. }
            | Self::DeliveryDeferred { attempt, .. }
            | Self::DeliveryFailed { attempt, .. }
            | Self::DeliverySuppressed { attempt, .. }
            | Self::DeliveryPutInDoubt { attempt, .. }
            | Self::DeliveryCancelled { attempt } => *attempt,
        }
    }
}

/// Which attempt an outcome is about, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// The client; also the key of what may name the person.
    pub client: ClientId,
    /// 1 for the request, one more for each retry of the failed.
    pub generation: u32,
    /// 1 for the first attempt of the generation.
    pub number: u32,
}
