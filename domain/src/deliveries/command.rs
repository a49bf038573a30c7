//! Orders to the deliveries of a chunk.

use chrono::{DateTime, Utc};

use super::cause::{Cause, Evidence, SuppressionReason};
use crate::personal::Personal;
use crate::value::{CompanyId, Member, Members, NotificationId};

/// An order to the deliveries of one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveriesCommand {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// What is to be done.
    pub action: Action,
}

/// What is to be done. What is said of one member is refused alone and never hurts the others.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Record what became of attempts.
    RecordOutcomes(Vec<MemberOutcome>),
    /// Record what the provider reported later.
    RecordReceipts(Vec<MemberReceipt>),
    /// End doubts by what a person has found out.
    ResolveDoubts {
        /// Whose.
        members: Members,
        /// What was found out.
        resolution: Resolution,
        /// Why, in the person's words, under the notification's key.
        reason: Option<Personal<String>>,
    },
    /// Send again to those of these members for whom it has failed, as a new generation.
    Reopen {
        /// The new generation.
        generation: u32,
        /// Who may be sent to again.
        members: Members,
    },
}

/// What became of the delivery to one member.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberOutcome {
    /// Who.
    pub member: Member,
    /// The generation that was being sent.
    pub generation: u32,
    /// The attempt that ended so, from 1 in each generation. What ends without one keeps the number of the last, or 0.
    pub attempt: u32,
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
        /// When the first attempt of the generation was made.
        since: DateTime<Utc>,
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
        evidence: Evidence,
        /// The provider's own text, under the client's key.
        detail: Option<Personal<String>>,
    },
    /// The notification was cancelled before it was sent.
    Cancelled,
}

impl Outcome {
    /// Whether a provider was asked. What ends without an attempt is expired, erased, cancelled or could not be made.
    pub const fn ends_an_attempt(&self) -> bool {
        match self {
            Self::Accepted { .. } | Self::Deferred { .. } | Self::InDoubt { .. } => true,
            Self::Failed(failure) => failure.provider.is_some(),
            Self::Suppressed { provider, .. } => provider.is_some(),
            Self::Cancelled => false,
        }
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The provider that refused it; none if it never got that far.
    pub provider: Option<String>,
    /// Why, in words.
    pub cause: Cause,
    /// The provider's own text, under the client's key; it may name the address.
    pub detail: Option<Personal<String>>,
}

/// What a provider reported of the delivery to one member after it had taken it over.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberReceipt {
    /// Who.
    pub member: Member,
    /// The provider that says so.
    pub provider: String,
    /// When it happened, by the provider's clock.
    pub at: DateTime<Utc>,
    /// What happened.
    pub receipt: Receipt,
    /// The provider's own text, under the client's key.
    pub detail: Option<Personal<String>>,
}

/// What a provider reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// The recipient has it.
    Delivered,
    /// The provider could not deliver it.
    Bounced(Cause),
    /// The recipient calls it spam.
    Complained,
}

crate::value::words! {
    /// What a person has found out about a doubt.
    Resolution {
        /// The provider has it.
        Accepted = "accepted",
        /// The recipient has it.
        Delivered = "delivered",
        /// It was not sent.
        NotSent = "not_sent",
    }
}
