//! A notification: one request to tell many recipients one thing on one channel, and its life from there.

mod approval;
mod beginning;
mod command;
mod error;
mod event;
mod filter;
mod request;
mod retry;
mod state;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::approval::{Approval, ApprovalNeed};
pub use self::beginning::{Beginning, HOLD_SECONDS_MAX, SCHEDULE_DAYS_MAX};
pub use self::command::{
    Asks, BeginNotification, Content, FilledTemplate, NotificationCommand, RequestNotification, SmsOptions,
};
pub use self::error::{NotificationError, Times};
pub use self::event::{
    AUDIENCE, Addressee, AudienceEvent, NotificationEvent, Recipient, UsedTemplate, begun_at,
};
pub use self::filter::{AudienceFilter, ClientList};
pub use self::state::{ApprovalState, NotificationState};
use crate::aggregate::aggregate;
use crate::company::OverLimit;
use crate::deliveries::Totals;
use crate::personal::Personal;
use crate::value::{Channel, CompanyId, UserId};

/// The state of a notification that the rules need. Views copy it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    company: Option<CompanyId>,
    author: Option<UserId>,
    channel: Option<Channel>,
    stage: Option<Stage>,
    is_paused: bool,
    /// The limit of its company that paused it.
    over_limit: Option<OverLimit>,
    approval: Option<Approval>,
    /// Why it needs or needed an approval, when that was last asked for.
    approval_need: Option<ApprovalNeed>,
    generation: u32,
    /// The generation whose audience is being resolved. Also there for a cancelled notification that had begun: its audience is
    /// closed as far as it was resolved.
    open_generation: Option<u32>,
    requested_at: Option<DateTime<Utc>>,
    send_at: Option<DateTime<Utc>>,
    held_until: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    /// As of the last completion.
    totals: Totals,
}

/// The state without regard to a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    AwaitingApproval,
    Scheduled,
    Resolving,
    Running,
    Completed,
    Cancelled,
    /// It expired before it had begun.
    Expired,
}

aggregate!(Notification, "notification", NotificationCommand, NotificationEvent, NotificationError);

type Decision = Result<Vec<NotificationEvent>, NotificationError>;

impl Notification {
    /// The company whose clients are told, once it is requested.
    pub const fn company(&self) -> Option<CompanyId> {
        self.company
    }

    /// Its state, once it is requested.
    pub const fn state(&self) -> Option<NotificationState> {
        match self.stage {
            Some(_) if self.is_paused => Some(NotificationState::Paused),
            Some(stage) => Some(stage.state()),
            None => None,
        }
    }

    /// Whether nothing of it is sent until it is resumed.
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The channel it goes by, once it is requested.
    pub const fn channel(&self) -> Option<Channel> {
        self.channel
    }

    /// The user who requested it.
    pub const fn author(&self) -> Option<UserId> {
        self.author
    }

    /// The limit of its company by which it is paused.
    pub const fn over_limit(&self) -> Option<OverLimit> {
        self.over_limit
    }

    /// How its approval stands, if it needs one.
    pub const fn approval(&self) -> Option<Approval> {
        self.approval
    }

    /// Why it needs or needed an approval, when that was last asked for.
    pub const fn approval_need(&self) -> Option<ApprovalNeed> {
        self.approval_need
    }

    /// Nothing is sent before this.
    pub const fn send_at(&self) -> Option<DateTime<Utc>> {
        self.send_at
    }

    /// 1 for the request, one more for each retry.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The totals of its deliveries, as of the last completion.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// The generation whose audience is still being resolved.
    pub const fn open_generation(&self) -> Option<u32> {
        self.open_generation
    }

    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: NotificationCommand) -> Decision {
        if let NotificationCommand::Request(request) = command {
            return self.request(request);
        }
        let Some(stage) = self.stage else { return Err(NotificationError::Unknown) };
        match command {
            NotificationCommand::Request(_) => Err(NotificationError::AlreadyRequested),
            NotificationCommand::Approve { by, at } => self.approve(stage, by, at),
            NotificationCommand::Reject { notification, by, reason } => {
                self.reject(stage, by, Personal::new(notification.into(), reason.into_string()))
            }
            NotificationCommand::Reschedule { schedule_at, at } => self.reschedule(stage, schedule_at, at),
            NotificationCommand::Begin(begin) => self.begin_at(begin),
            NotificationCommand::Pause => self.pause(stage),
            NotificationCommand::Resume => self.resume(stage),
            NotificationCommand::CloseAudience { generation, total, excluded } => {
                if self.open_generation() != Some(generation) {
                    return Err(NotificationError::AudienceNotOpen);
                }
                Ok(vec![NotificationEvent::AudienceClosed { generation, total, excluded }])
            }
            NotificationCommand::Complete { generation, totals } => self.complete(stage, generation, totals),
            NotificationCommand::Cancel if stage.is_over() => Ok(vec![]),
            NotificationCommand::Cancel => Ok(vec![NotificationEvent::NotificationCancelled]),
            NotificationCommand::Retry { at, changed } => self.retry(stage, at, changed),
            NotificationCommand::RetryDeliveries { at, people, reason } => {
                self.retry_deliveries(stage, at, people, reason)
            }
        }
    }

    fn pause(&self, stage: Stage) -> Decision {
        match stage {
            Stage::AwaitingApproval => Err(NotificationError::AwaitingApproval),
            Stage::Scheduled | Stage::Resolving | Stage::Running if !self.is_paused => {
                Ok(vec![NotificationEvent::NotificationPaused])
            }
            _ => Ok(vec![]),
        }
    }

    fn resume(&self, stage: Stage) -> Decision {
        match stage {
            Stage::Cancelled => Err(NotificationError::Cancelled),
            Stage::Expired => Err(NotificationError::PastExpiry),
            _ if self.is_paused => Ok(vec![NotificationEvent::NotificationResumed]),
            _ => Ok(vec![]),
        }
    }

    fn complete(&self, stage: Stage, generation: u32, totals: Totals) -> Decision {
        if stage != Stage::Running || self.open_generation.is_some() || self.generation != generation {
            return Err(NotificationError::NothingToComplete);
        }
        Ok(vec![NotificationEvent::NotificationCompleted { generation, totals }])
    }

    /// Whether nothing is sent any more at this time.
    fn has_expired(&self, at: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= at)
    }

    fn fold(&mut self, event: NotificationEvent) {
        match event {
            NotificationEvent::NotificationRequested {
                company,
                channel,
                expires_at,
                send_at,
                held_until,
                needs_approval,
                author,
                requested_at,
                ..
            } => {
                (self.company, self.author, self.channel) = (Some(company), Some(author), Some(channel));
                (self.requested_at, self.generation) = (Some(requested_at), 1);
                (self.send_at, self.held_until, self.expires_at) = (send_at, held_until, expires_at);
                match (needs_approval, send_at) {
                    (Some(need), _) => self.await_approval(need),
                    (None, Some(_)) => self.stage = Some(Stage::Scheduled),
                    (None, None) => self.begin(1),
                }
            }
            NotificationEvent::NotificationApprovalRequired { need } => self.await_approval(need),
            NotificationEvent::NotificationApproved { by } => {
                self.approval = Some(Approval::Approved(by));
                self.stage = Some(Stage::Scheduled);
            }
            NotificationEvent::NotificationRejected { by, .. } => {
                self.approval = Some(Approval::Rejected(by));
                self.end(Stage::Cancelled);
            }
            NotificationEvent::NotificationRescheduled { send_at } => self.send_at = Some(send_at),
            NotificationEvent::NotificationBegun { .. } => self.begin(1),
            NotificationEvent::NotificationPaused => self.is_paused = true,
            NotificationEvent::NotificationPausedByLimit { over } => {
                (self.is_paused, self.over_limit) = (true, Some(over));
            }
            NotificationEvent::NotificationResumed => (self.is_paused, self.over_limit) = (false, None),
            NotificationEvent::AudienceClosed { .. } => {
                self.open_generation = None;
                if self.stage == Some(Stage::Resolving) {
                    self.stage = Some(Stage::Running);
                }
            }
            NotificationEvent::NotificationCompleted { totals, .. } => {
                self.end(Stage::Completed);
                self.totals = totals;
            }
            NotificationEvent::NotificationCancelled => self.end(Stage::Cancelled),
            NotificationEvent::NotificationExpired => self.end(Stage::Expired),
            NotificationEvent::NotificationRetried { generation } => self.begin(generation),
            NotificationEvent::DeliveriesRetried { generation, .. } => {
                self.generation = generation;
                if self.stage == Some(Stage::Completed) {
                    self.stage = Some(Stage::Running);
                }
            }
        }
    }

    const fn await_approval(&mut self, need: ApprovalNeed) {
        (self.approval, self.approval_need) = (Some(Approval::Awaiting), Some(need));
        self.stage = Some(Stage::AwaitingApproval);
    }

    const fn begin(&mut self, generation: u32) {
        self.generation = generation;
        self.open_generation = Some(generation);
        self.stage = Some(Stage::Resolving);
    }

    const fn end(&mut self, stage: Stage) {
        (self.is_paused, self.over_limit) = (false, None);
        self.stage = Some(stage);
    }
}

impl Stage {
    const fn state(self) -> NotificationState {
        match self {
            Self::AwaitingApproval => NotificationState::AwaitingApproval,
            Self::Scheduled => NotificationState::Scheduled,
            Self::Resolving => NotificationState::Resolving,
            Self::Running => NotificationState::Running,
            Self::Completed => NotificationState::Completed,
            Self::Cancelled | Self::Expired => NotificationState::Cancelled,
        }
    }

    const fn is_over(self) -> bool {
        self.state().is_over()
    }
}
