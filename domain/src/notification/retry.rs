//! Which notifications are sent again to those it failed for.

use chrono::{DateTime, Utc};

use super::{Approval, Decision, Notification, NotificationError, NotificationEvent, Stage};
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

    /// Whether so many people may be sent to again, where their company wants another person's approval above a number of
    /// people. An approval of the notification holds for its retries too: it was given for these people and this text. A
    /// notification that nobody has approved has no state in which it could wait for one again.
    ///
    /// # Errors
    /// [`NotificationError::RetryNeedsApproval`].
    pub fn permits_retry_of(
        &self,
        people: u64,
        approval_above: Option<u64>,
    ) -> Result<(), NotificationError> {
        let is_approved = matches!(self.approval, Some(Approval::Approved(_)));
        match approval_above.filter(|max| people > *max && !is_approved) {
            Some(max) => Err(NotificationError::RetryNeedsApproval { people, max }),
            None => Ok(()),
        }
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
