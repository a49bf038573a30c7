//! The events of the deliveries of a chunk: one event for many people, with shared values stored once.

use std::ops::Not;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::cause::{Cause, Evidence, SuppressionReason};
use super::command::{Resolution, ResolvedBy};
use crate::aggregate::events;
use crate::personal::Personal;
use crate::value::{CompanyId, Member, Members, NotificationId};

/// An event of the stream `deliveries/<notification>:<chunk>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DeliveriesEvent {
    /// Attempts ended, or deliveries ended without one.
    OutcomesRecorded {
        /// The notification.
        notification: NotificationId,
        /// Its company.
        company: CompanyId,
        /// Groups of members with the same outcome; a member is in one of them at most.
        outcomes: Vec<OutcomeGroup>,
    },
    /// Providers reported about messages that they had accepted.
    ReceiptsRecorded {
        /// The notification.
        notification: NotificationId,
        /// Its company.
        company: CompanyId,
        /// Groups of members with the same report; a member is in one of them at most.
        receipts: Vec<ReceiptGroup>,
    },
    /// Doubts were ended by a decision.
    DoubtsResolved {
        /// The notification.
        notification: NotificationId,
        /// Its company.
        company: CompanyId,
        /// Whose.
        members: Members,
        /// The decision.
        resolution: Resolution,
        /// Who decided.
        by: ResolvedBy,
        /// Why, under the notification's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    },
    /// Failed deliveries were reopened by a retry, or by the end of a doubt.
    DeliveriesReopened {
        /// The notification.
        notification: NotificationId,
        /// Its company.
        company: CompanyId,
        /// The new generation.
        generation: u32,
        /// Whose.
        members: Members,
        /// Addresses that a person has put in the place of those in the audience.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        addresses: Vec<EditedAddress>,
    },
    /// A person has decided that failed deliveries are not sent again.
    DeliveriesDiscarded {
        /// The notification.
        notification: NotificationId,
        /// Its company.
        company: CompanyId,
        /// Whose.
        members: Members,
        /// Why, under the notification's key.
        reason: Personal<String>,
    },
}

events!(DeliveriesEvent {
    OutcomesRecorded => "1", ReceiptsRecorded => "1", DoubtsResolved => "1", DeliveriesReopened => "1",
    DeliveriesDiscarded => "1",
});

impl DeliveriesEvent {
    /// The notification.
    pub const fn notification(&self) -> NotificationId {
        self.of().0
    }

    /// Its company.
    pub const fn company(&self) -> CompanyId {
        self.of().1
    }

    const fn of(&self) -> (NotificationId, CompanyId) {
        match self {
            Self::OutcomesRecorded { notification, company, .. }
            | Self::ReceiptsRecorded { notification, company, .. }
            | Self::DoubtsResolved { notification, company, .. }
            | Self::DeliveriesReopened { notification, company, .. }
            | Self::DeliveriesDiscarded { notification, company, .. } => (*notification, *company),
        }
    }

    /// All members of the event.
    pub fn members(&self) -> Members {
        let all = |members: &mut dyn Iterator<Item = Members>| members.fold(Members::NONE, Members::union);
        match self {
            Self::OutcomesRecorded { outcomes, .. } => all(&mut outcomes.iter().map(|group| group.members)),
            Self::ReceiptsRecorded { receipts, .. } => all(&mut receipts.iter().map(|group| group.members)),
            Self::DoubtsResolved { members, .. }
            | Self::DeliveriesReopened { members, .. }
            | Self::DeliveriesDiscarded { members, .. } => *members,
        }
    }
}

/// Members whose attempts ended in the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeGroup {
    /// 1 for the request, one more for each retry.
    pub generation: u32,
    /// The attempt, from 1 in each generation; for an outcome without an attempt the last one, or 0.
    pub attempt: u32,
    /// Whose.
    pub members: Members,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: GroupOutcome,
    /// The provider's own text, of those members for whom it said something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// The refusals of other providers before, in the same attempt. None for most groups, and then without a byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_on: Vec<PassedOnGroup>,
}

/// Members of an outcome group that one provider refused in the same way, so that another provider was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassedOnGroup {
    /// Whose.
    pub members: Members,
    /// The provider that refused them.
    pub provider: String,
    /// When it refused each, in the order of the members.
    pub at: Vec<DateTime<Utc>>,
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// The provider's own text, of those members for whom it said something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

/// The outcome of the attempts of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum GroupOutcome {
    /// The provider took them.
    Accepted {
        /// Who carries them.
        provider: String,
        /// The provider's own name for each, in the order of the members.
        references: Vec<String>,
    },
    /// They are to be tried again.
    Deferred {
        /// The provider that refused them for now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        /// When the first attempt of the generation was made.
        since: DateTime<Utc>,
        /// Not before this.
        until: DateTime<Utc>,
        /// Why.
        #[serde(flatten)]
        cause: Cause,
    },
    /// They will not be tried again.
    Failed {
        /// The provider that refused them; none if they never got that far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        /// Why.
        #[serde(flatten)]
        cause: Cause,
    },
    /// They must not be sent.
    Suppressed {
        /// The provider that says so; none if we know it ourselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        /// Why.
        reason: SuppressionReason,
    },
    /// It is unknown whether they were sent.
    InDoubt {
        /// The provider they were being given to.
        provider: String,
        /// What was seen last.
        #[serde(flatten)]
        evidence: Evidence,
    },
    /// The notification was cancelled before they were sent.
    Cancelled,
}

/// Members with the same report of a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptGroup {
    /// Whose.
    pub members: Members,
    /// The provider that says so.
    pub provider: String,
    /// When it happened to each, in the order of the members, by the provider's clock.
    pub at: Vec<DateTime<Utc>>,
    /// What happened.
    #[serde(flatten)]
    pub receipt: GroupReceipt,
    /// The provider's own text, of those members for whom it said something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

/// The report of a provider about a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "receipt", rename_all = "snake_case")]
pub enum GroupReceipt {
    /// The recipients have it.
    Delivered,
    /// It could not be delivered.
    Bounced {
        /// Why.
        #[serde(flatten)]
        cause: Cause,
    },
    /// The recipients call it spam.
    Complained,
}

/// The provider's own text about one member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Who.
    pub member: Member,
    /// The text, under the client's key; it may name the address.
    pub text: Personal<String>,
}

/// The address that a person has put in the place of the one in the audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditedAddress {
    /// Who.
    pub member: Member,
    /// The phone number in E.164 or the e-mail address, under the client's key.
    pub address: Personal<String>,
    /// Whether it is a number of another country than the company's.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_foreign: bool,
}
