//! The refusals of deliveries.

use crate::value::Member;

/// A refusal by the rules of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveriesError {
    /// The generation has its one final outcome.
    #[error("generation {generation} of the delivery has its outcome already")]
    AlreadySettled {
        /// The generation.
        generation: u32,
    },
    /// A later generation has begun.
    #[error("generation {generation} of the delivery is over")]
    Superseded {
        /// The generation.
        generation: u32,
    },
    /// The generation has not begun.
    #[error("generation {generation} of the delivery has not begun")]
    NotBegun {
        /// The generation.
        generation: u32,
    },
    /// The attempt was recorded before.
    #[error("attempt {attempt} of the delivery was recorded already")]
    AlreadyRecorded {
        /// The attempt.
        attempt: u32,
    },
    /// A receipt came before the outcome of its attempt, and has to wait for it.
    #[error("the delivery has no outcome yet")]
    NoOutcomeYet,
    /// The report is about another message than the recorded one: that of another attempt, or one that its provider
    /// refused before the attempt went on with another.
    #[error("the report is about another message of the delivery")]
    OtherAttempt,
    /// The provider never had the message, or has reported the contrary before.
    #[error("the report contradicts what is known of the delivery")]
    Contradicted,
    /// There is no doubt to end.
    #[error("the delivery is not in doubt")]
    NotInDoubt,
    /// It is being sent, or waits to be.
    #[error("the delivery is not over")]
    Open,
    /// A provider has it.
    #[error("the delivery was sent")]
    Sent,
    /// Nobody can tell whether it was sent: the doubt has to end first.
    #[error("the delivery is in doubt")]
    InDoubt,
    /// It must not be sent.
    #[error("the delivery is suppressed")]
    Suppressed,
    /// The notification was cancelled before it was sent.
    #[error("the delivery was cancelled")]
    Cancelled,
}

/// The refusal of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Who.
    pub member: Member,
    /// Why.
    pub error: DeliveriesError,
}
