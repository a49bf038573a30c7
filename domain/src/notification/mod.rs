//! A notification: one request to tell many recipients one thing on one channel, and its life from there.

mod command;
mod error;
mod event;
mod filter;
mod state;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::command::{Content, FilledTemplate, NotificationCommand, RequestNotification, SmsOptions};
pub use self::error::NotificationError;
pub use self::event::{AUDIENCE, Addressee, AudienceEvent, NotificationEvent, Recipient, UsedTemplate};
pub use self::filter::{AudienceFilter, ClientList};
pub use self::state::NotificationState;
use crate::aggregate::aggregate;
use crate::deliveries::Totals;
use crate::personal::Personal;
use crate::value::{CompanyId, ContactKind, UserId};

/// The state of a notification that the rules need. Views copy it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    company: Option<CompanyId>,
    state: Option<NotificationState>,
    generation: u32,
    /// Also true for a cancelled notification: its audience is closed as far as it was resolved.
    audience_is_open: bool,
    expires_at: Option<DateTime<Utc>>,
    /// As of the last completion.
    totals: Totals,
}

aggregate!(Notification, "notification", NotificationCommand, NotificationEvent, NotificationError);

impl Notification {
    /// The company whose clients are told, once it is requested.
    pub const fn company(&self) -> Option<CompanyId> {
        self.company
    }

    /// Its state, once it is requested.
    pub const fn state(&self) -> Option<NotificationState> {
        self.state
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
        if self.audience_is_open { Some(self.generation) } else { None }
    }

    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: NotificationCommand) -> Result<Vec<NotificationEvent>, NotificationError> {
        if let NotificationCommand::Request(request) = command {
            return self.request(request);
        }
        let Some(state) = self.state else { return Err(NotificationError::Unknown) };
        match command {
            NotificationCommand::Request(_) => Err(NotificationError::AlreadyRequested),
            NotificationCommand::CloseAudience { generation, total, excluded } => {
                if self.open_generation() != Some(generation) {
                    return Err(NotificationError::AudienceNotOpen);
                }
                Ok(vec![NotificationEvent::AudienceClosed { generation, total, excluded }])
            }
            NotificationCommand::Complete { generation, totals } => self.complete(state, generation, totals),
            NotificationCommand::Cancel if state.is_over() => Ok(vec![]),
            NotificationCommand::Cancel => Ok(vec![NotificationEvent::NotificationCancelled]),
            NotificationCommand::Retry { at } => self.retry(state, at),
        }
    }

    fn complete(
        &self,
        state: NotificationState,
        generation: u32,
        totals: Totals,
    ) -> Result<Vec<NotificationEvent>, NotificationError> {
        if !state.is_being_sent() || self.audience_is_open || self.generation != generation {
            return Err(NotificationError::NothingToComplete);
        }
        Ok(vec![NotificationEvent::NotificationCompleted { generation, totals }])
    }

    fn retry(
        &self,
        state: NotificationState,
        at: DateTime<Utc>,
    ) -> Result<Vec<NotificationEvent>, NotificationError> {
        match state {
            NotificationState::Cancelled => return Err(NotificationError::Cancelled),
            NotificationState::Completed if self.totals.failed == 0 => return Ok(vec![]),
            NotificationState::Completed | NotificationState::Running | NotificationState::Paused => {}
            // The generation that is being resolved will include everything that fails until then, so another retry
            // adds nothing. Before it, nothing has failed.
            NotificationState::Resolving
            | NotificationState::Scheduled
            | NotificationState::AwaitingApproval => return Ok(vec![]),
        }
        if self.expires_at.is_some_and(|expiry| expiry <= at) {
            return Err(NotificationError::PastExpiry);
        }
        Ok(vec![NotificationEvent::NotificationRetried { generation: self.generation + 1 }])
    }

    fn request(&self, request: RequestNotification) -> Result<Vec<NotificationEvent>, NotificationError> {
        if self.company.is_some() {
            return Err(NotificationError::AlreadyRequested);
        }
        if request.expires_at.is_some_and(|expiry| expiry <= request.at) {
            return Err(NotificationError::Expired);
        }
        let key = request.notification.into();
        let channel = request.content.channel();
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
            author: request.author,
            requested_at: request.at,
        }])
    }

    fn fold(&mut self, event: NotificationEvent) {
        match event {
            NotificationEvent::NotificationRequested { company, expires_at, .. } => {
                self.company = Some(company);
                self.expires_at = expires_at;
                self.begin(1);
            }
            NotificationEvent::AudienceClosed { .. } => {
                self.audience_is_open = false;
                if self.state == Some(NotificationState::Resolving) {
                    self.state = Some(NotificationState::Running);
                }
            }
            NotificationEvent::NotificationCompleted { totals, .. } => {
                self.state = Some(NotificationState::Completed);
                self.totals = totals;
            }
            NotificationEvent::NotificationCancelled => self.state = Some(NotificationState::Cancelled),
            NotificationEvent::NotificationRetried { generation } => self.begin(generation),
        }
    }

    const fn begin(&mut self, generation: u32) {
        self.generation = generation;
        self.audience_is_open = true;
        self.state = Some(NotificationState::Resolving);
    }
}

/// The author as the only person of an audience. There is no such client: the id is the author's, as is the key.
fn author_as_recipient(author: UserId, addressee: Addressee) -> Recipient {
    let id = author.uuid();
    Recipient { client: id.into(), kind: ContactKind::Holder, addressee: Personal::new(id, addressee) }
}
