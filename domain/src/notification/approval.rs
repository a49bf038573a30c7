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
