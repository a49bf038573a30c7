//! When a notification begins: its schedule, its undo window, and its expiry while it waits.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    BeginNotification, Decision, Notification, NotificationError, NotificationEvent, RequestNotification,
    Stage, Times,
};

/// How many seconds a notification may be held before it begins.
pub const HOLD_SECONDS_MAX: u32 = 600;
/// How many days from now a notification may be scheduled: a wrong year is a slip.
pub const SCHEDULE_DAYS_MAX: i64 = 366;

/// When a notification begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It has begun.
    Begun,
    /// At this time, or at once if the time is past.
    At(DateTime<Utc>),
    /// Not before something else happens: an approval, or the end of a pause. Never, if it is over.
    Waits {
        /// When it ends if nothing does, because it expires then.
        expires_at: Option<DateTime<Utc>>,
    },
}

impl Beginning {
    /// When the next thing happens to a notification by itself: it begins, or it expires without having begun.
    pub const fn due_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(time) => Some(time),
            Self::Waits { expires_at } => expires_at,
            Self::Begun => None,
        }
    }
}

impl Notification {
    /// When it begins.
    pub fn beginning(&self) -> Beginning {
        match (self.stage, self.send_at.or(self.requested_at)) {
            (Some(Stage::Scheduled), Some(time)) if !self.is_paused => Beginning::At(time),
            (Some(Stage::Resolving | Stage::Running | Stage::Completed), _) => Beginning::Begun,
            (Some(Stage::AwaitingApproval | Stage::Scheduled), _) => {
                Beginning::Waits { expires_at: self.expires_at }
            }
            _ => Beginning::Waits { expires_at: None },
        }
    }

    pub(super) fn reschedule(&self, stage: Stage, schedule_at: DateTime<Utc>, at: DateTime<Utc>) -> Decision {
        match stage {
            Stage::AwaitingApproval | Stage::Scheduled => {}
            Stage::Cancelled => return Err(NotificationError::Cancelled),
            Stage::Expired => return Err(NotificationError::PastExpiry),
            Stage::Resolving | Stage::Running | Stage::Completed => {
                return Err(NotificationError::AlreadyBegun);
            }
        }
        let send_at = self.held_until.map_or(schedule_at, |end| schedule_at.max(end));
        if self.send_at == Some(send_at) {
            return Ok(vec![]);
        }
        check_schedule(schedule_at, at)?;
        if let Some(expires_at) = self.expires_at.filter(|expiry| *expiry <= send_at) {
            return Err(NotificationError::ExpiresBefore(Times { expires_at, begins_at: send_at }));
        }
        Ok(vec![NotificationEvent::NotificationRescheduled { send_at }])
    }

    /// What passes a limit by now is paused, so that a person decides when it goes on. What reaches more people by now than
    /// its company sends to without an approval waits for one. What has expired while it waited ends.
    pub(super) fn begin_at(&self, begin: BeginNotification) -> Decision {
        let BeginNotification { at, people, approval_above, asks } = begin;
        let over = asks.zip(self.channel).and_then(|(asks, channel)| asks.over_limit(channel));
        let need = self.needs_approval_for(people, approval_above);
        match self.beginning() {
            Beginning::At(time) if time <= at => Ok(vec![match (over, need) {
                (Some(over), _) => NotificationEvent::NotificationPausedByLimit { over },
                (None, Some(need)) => NotificationEvent::NotificationApprovalRequired { need },
                (None, None) => NotificationEvent::NotificationBegun { begun_at: at },
            }]),
            Beginning::Waits { expires_at: Some(expiry) } if expiry <= at => {
                Ok(vec![NotificationEvent::NotificationExpired])
            }
            Beginning::At(_) | Beginning::Waits { .. } => Err(NotificationError::NotDue),
            Beginning::Begun => Err(NotificationError::AlreadyBegun),
        }
    }
}

impl RequestNotification {
    /// When it begins, as far as its request says.
    pub fn begins_at(&self) -> DateTime<Utc> {
        self.send_at().ok().flatten().unwrap_or(self.at)
    }

    /// When it begins, if not at once: a schedule and an undo window end with the later of the two.
    pub(super) fn send_at(&self) -> Result<Option<DateTime<Utc>>, NotificationError> {
        if let Some(schedule_at) = self.schedule_at {
            check_schedule(schedule_at, self.at)?;
        }
        if self.hold_seconds > HOLD_SECONDS_MAX {
            return Err(NotificationError::HoldTooLong);
        }
        Ok(self.schedule_at.max(self.held_until()))
    }

    pub(super) fn held_until(&self) -> Option<DateTime<Utc>> {
        (self.hold_seconds > 0).then(|| self.at + TimeDelta::seconds(self.hold_seconds.into()))
    }
}

fn check_schedule(schedule_at: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), NotificationError> {
    if schedule_at <= at {
        return Err(NotificationError::ScheduledInThePast);
    }
    if schedule_at > at + TimeDelta::days(SCHEDULE_DAYS_MAX) {
        return Err(NotificationError::ScheduledTooFar);
    }
    Ok(())
}
