//! The commands of the deliveries of a chunk.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::cause::{Cause, Evidence, SuppressionReason};
use super::event::EditedAddress;
use crate::personal::Personal;
use crate::value::{CompanyId, Member, Members, NotificationId};

/// A command of the deliveries of one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveriesCommand {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// The action.
    pub action: Action,
}

/// An action. Each member is decided alone: a refusal of one never hurts the others.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Record the outcomes of attempts.
    RecordOutcomes(Vec<MemberOutcome>),
    /// Record later reports of providers.
    RecordReceipts(Vec<MemberReceipt>),
    /// End doubts by a decision.
    ResolveDoubts {
        /// Whose.
        members: Members,
        /// The decision.
        resolution: Resolution,
        /// Who decides.
        by: ResolvedBy,
        /// The reason in the person's words, under the notification's key.
        reason: Option<Personal<String>>,
    },
    /// Reopen the failed ones of these members in a new generation.
    Reopen {
        /// The new generation.
        generation: u32,
        /// The members that may be reopened.
        members: Members,
    },
    /// Send again to these members, because a person asks for it by name.
    Retry {
        /// The new generation.
        generation: u32,
        /// Whose.
        members: Members,
        /// Other addresses for some of them.
        addresses: Vec<EditedAddress>,
    },
    /// Send nothing more to these members, for whom it failed.
    Discard {
        /// Whose.
        members: Members,
        /// The reason in the person's words, under the notification's key.
        reason: Personal<String>,
    },
}

/// The outcome of one member.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberOutcome {
    /// Who.
    pub member: Member,
    /// The generation that was being sent.
    pub generation: u32,
    /// The attempt that ended, from 1 in each generation. An outcome without an attempt has the number of the last one,
    /// or 0.
    pub attempt: u32,
    /// The outcome.
    pub outcome: Outcome,
    /// The providers that provably did not take the message in this attempt and left it to another, in order. Empty for most.
    pub passed_on: Vec<PassedOn>,
}

/// One provider's refusal after which the message went to another provider, within the same attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct PassedOn {
    /// When it refused.
    pub at: DateTime<Utc>,
    /// The provider.
    pub provider: String,
    /// Why, in words.
    pub cause: Cause,
    /// The provider's own text, under the client's key; it may name the address.
    pub detail: Option<Personal<String>>,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The provider accepted it.
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
    /// It is unknown whether it was sent.
    InDoubt {
        /// The provider it was being given to.
        provider: String,
        /// The last thing that our side saw.
        evidence: Evidence,
        /// The provider's own text, under the client's key.
        detail: Option<Personal<String>>,
    },
    /// The notification was cancelled before it was sent.
    Cancelled,
}

impl Outcome {
    /// Whether a provider was involved. An outcome without an attempt means that the delivery expired, was erased or
    /// cancelled, or could not be built.
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

/// A later report of a provider about one member.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberReceipt {
    /// Who.
    pub member: Member,
    /// The generation that the reported message was sent in.
    pub generation: u32,
    /// The attempt that the reported message was sent in, from 1 in each generation.
    pub attempt: u32,
    /// The provider that the reported message was given to; none if the report does not tell.
    pub carrier: Option<String>,
    /// The provider that says so.
    pub provider: String,
    /// When it happened, by the provider's clock.
    pub at: DateTime<Utc>,
    /// What happened.
    pub receipt: Receipt,
    /// The provider's own text, under the client's key.
    pub detail: Option<Personal<String>>,
}

/// The content of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// The recipient has it.
    Delivered,
    /// The provider could not deliver it.
    Bounced(Cause),
    /// The recipient calls it spam.
    Complained,
}

crate::value::words! {
    /// The decision that ends a doubt.
    Resolution {
        /// The provider has it.
        Accepted = "accepted",
        /// The recipient has it.
        Delivered = "delivered",
        /// It is taken for unsent, and is to be sent again in a new generation.
        Resend = "resend",
        /// It stays unknown and is given up: nothing is sent again, not by a retry of the failed either.
        Discard = "discard",
    }
}

crate::value::words! {
    /// Who decides that a doubt ends.
    ResolvedBy {
        /// A person who looked into it.
        Person = "person",
        /// The stated policy of the notification's category.
        Policy = "policy",
    }
}
