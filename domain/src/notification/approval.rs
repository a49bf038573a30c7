//! The approval of a notification by another person than its author.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ApprovalState, Decision, Notification, NotificationError, NotificationEvent, Stage};
use crate::personal::Personal;
use crate::value::UserId;

/// How the approval of a notification that needs one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "by")]
pub enum Approval {
    /// Nobody has decided.
    Awaiting,
    /// This person approved it.
    Approved(UserId),
    /// This person refused it.
    Rejected(UserId),
}

/// Why a notification needs an approval: it reaches more people than its company sends to without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalNeed {
    /// How many people it would reach, when they were counted.
    pub people: u64,
    /// Above how many people the company wants an approval.
    pub above: u64,
}

/// An approval holds for a tenth more people than it was given for: clients come every day, and a campaign is not to be late
/// for a few of them.
const GROWTH_PART: u64 = 10;

impl ApprovalNeed {
    /// None if the people are no more than the company sends to without an approval.
    pub(super) fn of(people: u64, above: Option<u64>) -> Option<Self> {
        above.filter(|above| people > *above).map(|above| Self { people, above })
    }

    /// Whether an approval of so many people holds for these too.
    const fn covers(self, people: u64) -> bool {
        people <= self.people.saturating_add(self.people / GROWTH_PART)
    }
}

impl Approval {
    /// The word for it.
    pub const fn state(self) -> ApprovalState {
        match self {
            Self::Awaiting => ApprovalState::Awaiting,
            Self::Approved(_) => ApprovalState::Approved,
            Self::Rejected(_) => ApprovalState::Rejected,
        }
    }

    /// Who decided.
    pub const fn by(self) -> Option<UserId> {
        match self {
            Self::Awaiting => None,
            Self::Approved(by) | Self::Rejected(by) => Some(by),
        }
    }
}

impl Notification {
    /// Why it needs an approval that it does not have, if it reaches so many people by now.
    pub(super) fn needs_approval_for(&self, people: u64, above: Option<u64>) -> Option<ApprovalNeed> {
        let need = ApprovalNeed::of(people, above)?;
        let is_covered = self.approval_need.is_some_and(|approved| approved.covers(people));
        match self.approval {
            Some(Approval::Approved(_)) if is_covered => None,
            _ => Some(need),
        }
    }

    pub(super) fn approve(&self, stage: Stage, by: UserId, at: DateTime<Utc>) -> Decision {
        match stage {
            Stage::AwaitingApproval if self.author == Some(by) => Err(NotificationError::OwnApproval),
            Stage::AwaitingApproval if self.has_expired(at) => Err(NotificationError::PastExpiry),
            Stage::AwaitingApproval => Ok(vec![NotificationEvent::NotificationApproved { by }]),
            Stage::Cancelled => Err(NotificationError::Cancelled),
            Stage::Expired => Err(NotificationError::PastExpiry),
            Stage::Scheduled | Stage::Resolving | Stage::Running | Stage::Completed => Ok(vec![]),
        }
    }

    pub(super) fn reject(&self, stage: Stage, by: UserId, reason: Personal<String>) -> Decision {
        match stage {
            Stage::AwaitingApproval if self.author == Some(by) => Err(NotificationError::OwnApproval),
            Stage::AwaitingApproval => Ok(vec![NotificationEvent::NotificationRejected { by, reason }]),
            Stage::Cancelled if matches!(self.approval, Some(Approval::Rejected(_))) => Ok(vec![]),
            Stage::Cancelled => Err(NotificationError::Cancelled),
            Stage::Expired => Err(NotificationError::PastExpiry),
            Stage::Scheduled | Stage::Resolving | Stage::Running | Stage::Completed => {
                Err(NotificationError::NotAwaitingApproval)
            }
        }
    }
}
