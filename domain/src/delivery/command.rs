//! Orders to a delivery.

use chrono::{DateTime, Utc};

use super::event::{Attempt, FailureClass, SuppressionReason};

/// Record what became of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryCommand {
    /// The attempt it is about.
    pub attempt: Attempt,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The provider took it.
    Accepted {
        /// Who carries it.
        provider: String,
        /// The provider's own name for it.
        reference: String,
    },
    /// It is to be tried again.
    Deferred {
        /// Not before this.
        until: DateTime<Utc>,
        /// Why.
        failure: Failure,
    },
    /// It will not be tried again.
    Failed(Failure),
    /// It must not be sent.
    Suppressed {
        /// Why.
        reason: SuppressionReason,
        /// The provider that says so; none if we know it ourselves.
        provider: Option<String>,
    },
    /// Nobody can tell whether it was sent.
    InDoubt {
        /// The provider it was being given to.
        provider: String,
        /// What was seen last.
        detail: String,
    },
    /// The notification was cancelled before it was sent.
    Cancelled,
}

/// Why an attempt failed, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The provider that refused it; none if it never got that far.
    pub provider: Option<String>,
    /// What kind of failure it is.
    pub class: FailureClass,
    /// The provider's code, such as `550 5.1.1` or `21211`.
    pub code: String,
    /// The provider's text; it may name the address, so it is sealed.
    pub text: String,
}
