//! The events of a suppression.

use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::personal::Personal;
use crate::value::{Channel, CompanyId, words};

words! {
    /// What has led to a suppression.
    SuppressionCause {
        /// The person has asked for no more messages.
        OptOut = "opt_out",
        /// A provider has reported that the address does not work and will not.
        Bounce = "bounce",
        /// The person has called a message spam.
        Complaint = "complaint",
        /// A worker has decided so.
        Manual = "manual",
    }
}

impl SuppressionCause {
    /// Whether another cause of the same address changes nothing: the person's own word is stronger than a worker's, and
    /// this one stronger than a report.
    pub(super) const fn holds_against(self, other: Self) -> bool {
        self.strength() >= other.strength()
    }

    const fn strength(self) -> u8 {
        match self {
            Self::Bounce => 0,
            Self::Manual => 1,
            Self::OptOut | Self::Complaint => 2,
        }
    }
}

/// An event of one suppression. Address, note and reason are under a key of its own, so that the erasure of the person leaves
/// the suppression in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SuppressionEvent {
    /// Nothing is sent to the address any more; or there is a stronger cause for it now.
    SuppressionAdded {
        /// For which company.
        company: CompanyId,
        /// On which channel.
        channel: Channel,
        /// Which address.
        address: Personal<String>,
        /// What has led to it.
        cause: SuppressionCause,
        /// A person's remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>>,
    },
    /// It is lifted.
    SuppressionRemoved {
        /// Why.
        reason: Personal<String>,
    },
}

events!(SuppressionEvent { SuppressionAdded => "1", SuppressionRemoved => "1" });
