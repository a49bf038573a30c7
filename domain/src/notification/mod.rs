//! A notification: one request to tell many recipients one thing on one channel, and its life from there.

mod command;
mod error;
mod event;
mod filter;
mod state;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::command::{
    Asks, Content, FilledTemplate, NotificationCommand, RequestNotification, SmsOptions,
};
pub use self::error::NotificationError;
pub use self::event::{
    AUDIENCE, Addressee, AudienceEvent, NotificationEvent, Recipient, UsedTemplate, begun_at,
};
pub use self::filter::{AudienceFilter, ClientList};
pub use self::state::{ApprovalState, NotificationState};
use crate::aggregate::aggregate;
use crate::company::OverLimit;
use crate::deliveries::Totals;
use crate::personal::Personal;
use crate::value::{Channel, CompanyId, ContactKind, UserId};

/// How many seconds a notification may be held before it begins.
pub const HOLD_SECONDS_MAX: u32 = 600;
/// How many days from now a notification may be scheduled: a wrong year is a slip.
pub const SCHEDULE_DAYS_MAX: i64 = 366;

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

    /// Nothing is sent before this.
    pub const fn send_at(&self) -> Option<DateTime<Utc>> {
        self.send_at
    }

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
            NotificationCommand::Begin { at, asks } => self.begin_at(at, asks),
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

    fn approve(&self, stage: Stage, by: UserId, at: DateTime<Utc>) -> Decision {
        match stage {
            Stage::AwaitingApproval if self.author == Some(by) => Err(NotificationError::OwnApproval),
            Stage::AwaitingApproval if self.has_expired(at) => Err(NotificationError::PastExpiry),
            Stage::AwaitingApproval => Ok(vec![NotificationEvent::NotificationApproved { by }]),
            Stage::Cancelled => Err(NotificationError::Cancelled),
            Stage::Expired => Err(NotificationError::PastExpiry),
            Stage::Scheduled | Stage::Resolving | Stage::Running | Stage::Completed => Ok(vec![]),
        }
    }

    fn reject(&self, stage: Stage, by: UserId, reason: Personal<String>) -> Decision {
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

    fn reschedule(&self, stage: Stage, schedule_at: DateTime<Utc>, at: DateTime<Utc>) -> Decision {
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
        if self.has_expired(send_at) {
            return Err(NotificationError::ExpiresBefore);
        }
        Ok(vec![NotificationEvent::NotificationRescheduled { send_at }])
    }

    /// What passes a limit by now is paused, so that a person decides when it goes on. What has expired while it waited
    /// ends.
    fn begin_at(&self, at: DateTime<Utc>, asks: Option<Asks>) -> Decision {
        let over = asks.zip(self.channel).and_then(|(asks, channel)| asks.over_limit(channel));
        match self.beginning() {
            Beginning::At(time) if time <= at => Ok(vec![match over {
                Some(over) => NotificationEvent::NotificationPausedByLimit { over },
                None => NotificationEvent::NotificationBegun { begun_at: at },
            }]),
            Beginning::Waits { expires_at: Some(expiry) } if expiry <= at => {
                Ok(vec![NotificationEvent::NotificationExpired])
            }
            Beginning::At(_) | Beginning::Waits { .. } => Err(NotificationError::NotDue),
            Beginning::Begun => Err(NotificationError::AlreadyBegun),
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

    fn retry(&self, stage: Stage, at: DateTime<Utc>, changed: Totals) -> Decision {
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
    fn retry_deliveries(
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

    fn request(&self, request: RequestNotification) -> Decision {
        if self.company.is_some() {
            return Err(NotificationError::AlreadyRequested);
        }
        let (send_at, held_until) = (request.send_at()?, request.held_until());
        if request.expires_at.is_some_and(|expiry| expiry <= send_at.unwrap_or(request.at)) {
            return Err(NotificationError::Expired);
        }
        let channel = request.content.channel();
        if let Some(over) = request.asks.as_ref().and_then(|asks| asks.over_limit(channel)) {
            return Err(NotificationError::OverLimit(over));
        }
        let needs_approval = request.approval_above.is_some_and(|limit| request.people > limit);
        let key = request.notification.into();
        let (subject, body, sms) = match request.content {
            Content::Sms { body, options } => (None, body.into_string(), Some(options)),
            Content::Email { subject, body } => {
                (Some(Personal::new(key, subject.into_string())), body.into_string(), None)
            }
        };
        Ok(vec![NotificationEvent::NotificationRequested {
            company: request.company,
            channel,
            recipient_kind: request.recipient_kind,
            category: request.category,
            subject,
            body: Personal::new(key, body),
            template: request.template.map(|template| Box::new(template.frozen(key))),
            only_to: request.only_to.map(|author| Box::new(author_as_recipient(request.author, *author))),
            sms,
            filter: request.filter,
            expires_at: request.expires_at,
            send_at,
            held_until,
            needs_approval,
            excludes_foreign: request.excludes_foreign,
            author: request.author,
            requested_at: request.at,
        }])
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
                self.approval = needs_approval.then_some(Approval::Awaiting);
                match send_at {
                    _ if needs_approval => self.stage = Some(Stage::AwaitingApproval),
                    Some(_) => self.stage = Some(Stage::Scheduled),
                    None => self.begin(1),
                }
            }
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

impl Asks {
    fn over_limit(&self, channel: Channel) -> Option<OverLimit> {
        self.purse.passed_by(channel, self.amount)
    }
}

impl RequestNotification {
    /// When it begins, as far as its request says.
    pub fn begins_at(&self) -> DateTime<Utc> {
        self.send_at().ok().flatten().unwrap_or(self.at)
    }

    /// When it begins, if not at once: a schedule and an undo window end with the later of the two.
    fn send_at(&self) -> Result<Option<DateTime<Utc>>, NotificationError> {
        if let Some(schedule_at) = self.schedule_at {
            check_schedule(schedule_at, self.at)?;
        }
        if self.hold_seconds > HOLD_SECONDS_MAX {
            return Err(NotificationError::HoldTooLong);
        }
        Ok(self.schedule_at.max(self.held_until()))
    }

    fn held_until(&self) -> Option<DateTime<Utc>> {
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

/// The author as the only person of an audience. There is no such client: the id is the author's, as is the key.
fn author_as_recipient(author: UserId, addressee: Addressee) -> Recipient {
    let id = author.uuid();
    let addressee = Personal::new(id, addressee);
    Recipient { client: id.into(), kind: ContactKind::Holder, is_foreign: false, addressee }
}
