//! A notification: one request to tell many recipients one thing on one channel.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::command::{Content, NotificationCommand, RequestNotification};
pub use self::error::NotificationError;
pub use self::event::{
    AUDIENCE, AUDIENCE_CHUNK, Addressee, AudienceEvent, NotificationEvent, Recipient, audience_stream,
};
use crate::aggregate::aggregate;
use crate::personal::Personal;
use crate::value::CompanyId;

/// What the rules need to know of a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    company: Option<CompanyId>,
    generation: u32,
    audience_is_open: bool,
    cancelled: bool,
    expires_at: Option<DateTime<Utc>>,
}

aggregate!(Notification, "notification", NotificationCommand, NotificationEvent, NotificationError);

impl Notification {
    /// The company whose clients are told, once it is requested.
    pub const fn company(&self) -> Option<CompanyId> {
        self.company
    }

    /// The generation whose audience is still being resolved.
    pub const fn open_generation(&self) -> Option<u32> {
        if self.audience_is_open { Some(self.generation) } else { None }
    }

    /// What follows from a command, or why it is refused.
    pub fn decide(&self, command: NotificationCommand) -> Result<Vec<NotificationEvent>, NotificationError> {
        if let NotificationCommand::Request(request) = command {
            return self.request(request);
        }
        if self.company.is_none() {
            return Err(NotificationError::Unknown);
        }
        match command {
            NotificationCommand::Request(_) => Err(NotificationError::AlreadyRequested),
            NotificationCommand::CloseAudience { generation, total, excluded } => {
                if self.open_generation() != Some(generation) {
                    return Err(NotificationError::AudienceNotOpen);
                }
                Ok(vec![NotificationEvent::AudienceClosed { generation, total, excluded }])
            }
            NotificationCommand::Cancel { .. } if self.cancelled => Ok(vec![]),
            NotificationCommand::Cancel { finished } if self.is_of_last(finished) => Ok(vec![]),
            NotificationCommand::Cancel { .. } => Ok(vec![NotificationEvent::NotificationCancelled]),
            NotificationCommand::Retry { flawless, at } => self.retry(flawless, at),
        }
    }

    fn retry(
        &self,
        flawless: Option<u32>,
        at: DateTime<Utc>,
    ) -> Result<Vec<NotificationEvent>, NotificationError> {
        if self.cancelled {
            return Err(NotificationError::Cancelled);
        }
        // The generation that is being resolved takes in what has failed by then.
        if self.audience_is_open || self.is_of_last(flawless) {
            return Ok(vec![]);
        }
        if self.expires_at.is_some_and(|expiry| expiry <= at) {
            return Err(NotificationError::PastExpiry);
        }
        Ok(vec![NotificationEvent::NotificationRetried { generation: self.generation + 1 }])
    }

    /// Whether what is known of a generation is known of the last one. Knowledge of an earlier one is old.
    fn is_of_last(&self, known: Option<u32>) -> bool {
        !self.audience_is_open && known == Some(self.generation)
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
        let (subject, body) = match request.content {
            Content::Sms { body } => (None, body.into_string()),
            Content::Email { subject, body } => {
                (Some(Personal::new(key, subject.into_string())), body.into_string())
            }
        };
        Ok(vec![NotificationEvent::NotificationRequested {
            company: request.company,
            channel,
            recipient_kind: request.recipient_kind,
            category: request.category,
            subject,
            body: Personal::new(key, body),
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
                self.generation = 1;
                self.audience_is_open = true;
            }
            NotificationEvent::AudienceClosed { .. } => self.audience_is_open = false,
            NotificationEvent::NotificationCancelled => self.cancelled = true,
            NotificationEvent::NotificationRetried { generation } => {
                self.generation = generation;
                self.audience_is_open = true;
            }
        }
    }
}
