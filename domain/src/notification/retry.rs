//! Which notifications are sent again to those it failed for.

use chrono::{DateTime, Utc};

use super::{Decision, Notification, NotificationError, NotificationEvent, Stage};
use crate::deliveries::Totals;
use crate::personal::Personal;

impl Notification {
    pub(super) fn retry(&self, stage: Stage, at: DateTime<Utc>, changed: Totals) -> Decision {
        let mut totals = self.totals;
        totals += changed;
        match stage {
            Stage::Cancelled => return Err(NotificationError::Cancelled),
            Stage::Expired => return Err(NotificationError::PastExpiry),
            Stage::Completed if !totals.may_have_failures() => return Ok(vec![]),
            Stage::Completed | Stage::Running => {}
            // The generation that is being resolved will include everything that fails until then, so another retry
            // adds nothing. Before it, nothing has failed.
            Stage::Resolving | Stage::Scheduled | Stage::AwaitingApproval => return Ok(vec![]),
        }
        if self.has_expired(at) {
            return Err(NotificationError::PastExpiry);
        }
        Ok(vec![NotificationEvent::NotificationRetried { generation: self.generation + 1 }])
    }

    /// Also while an audience is being resolved: that goes on in its own generation.
    pub(super) fn retry_deliveries(
        &self,
        stage: Stage,
        at: DateTime<Utc>,
        people: u64,
        reason: Option<Personal<String>>,
    ) -> Decision {
        match stage {
            Stage::Cancelled => return Err(NotificationError::Cancelled),
            Stage::Expired => return Err(NotificationError::PastExpiry),
            Stage::Scheduled | Stage::AwaitingApproval => return Err(NotificationError::NotDue),
            Stage::Resolving | Stage::Running | Stage::Completed => {}
        }
        if self.has_expired(at) {
            return Err(NotificationError::PastExpiry);
        }
        let generation = self.generation + 1;
        Ok(vec![NotificationEvent::DeliveriesRetried { generation, people, reason }])
    }
}
