//! A message: internal, from one user to users.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::command::{MessageCommand, SendMessage};
pub use self::error::MessageError;
pub use self::event::{Addressed, MessageEvent};
use crate::aggregate::aggregate;
use crate::personal::Personal;
use crate::value::{CompanyId, UserId};

/// How many people one message may go to.
pub const RECIPIENTS_MAX: usize = 5_000;
/// How long an author may withdraw a message, in seconds.
pub const UNDO_WINDOW_S: i64 = 10;

/// The state of a message that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    sent: Option<Sent>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sent {
    author: UserId,
    recipients: Vec<UserId>,
    company: Option<CompanyId>,
    at: DateTime<Utc>,
    withdrawn: bool,
}

aggregate!(Message, "message", MessageCommand, MessageEvent, MessageError);

impl Message {
    /// The author, once the message is sent.
    pub fn author(&self) -> Option<UserId> {
        self.sent.as_ref().map(|sent| sent.author)
    }

    /// The company it was addressed to, if it was sent to one.
    pub fn company(&self) -> Option<CompanyId> {
        self.sent.as_ref().and_then(|sent| sent.company)
    }

    /// Whether `user` has this message in an inbox now.
    pub fn is_received_by(&self, user: UserId) -> bool {
        self.sent.as_ref().is_some_and(|sent| !sent.withdrawn && sent.recipients.contains(&user))
    }

    /// Whether `user` may read and answer it: its author, and users who have it in an inbox.
    pub fn is_visible_to(&self, user: UserId) -> bool {
        self.author() == Some(user) || self.is_received_by(user)
    }

    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: MessageCommand) -> Result<Vec<MessageEvent>, MessageError> {
        match command {
            MessageCommand::Send(message) => self.send(message),
            MessageCommand::Withdraw { by, at } => self.withdraw(by, at),
        }
    }

    fn send(&self, message: SendMessage) -> Result<Vec<MessageEvent>, MessageError> {
        if self.sent.is_some() {
            return Err(MessageError::AlreadySent);
        }
        match message.recipients.len() {
            0 => return Err(MessageError::NoRecipients),
            found if found > RECIPIENTS_MAX => return Err(MessageError::TooManyRecipients { found }),
            _ => {}
        }
        Ok(vec![MessageEvent::MessageSent {
            author: message.author,
            recipients: message.recipients,
            addressed: message.addressed,
            body: Personal::new(message.message.into(), message.body.into_string()),
            priority: message.priority,
            acknowledge: message.acknowledge,
            in_reply_to: message.in_reply_to,
            sent_at: message.at,
        }])
    }

    fn withdraw(&self, by: UserId, at: DateTime<Utc>) -> Result<Vec<MessageEvent>, MessageError> {
        let sent = self.sent.as_ref().ok_or(MessageError::Unknown)?;
        if sent.author != by {
            return Err(MessageError::NotTheAuthor);
        }
        if sent.withdrawn {
            return Ok(vec![]);
        }
        if at - sent.at > TimeDelta::seconds(UNDO_WINDOW_S) {
            return Err(MessageError::TooLateToWithdraw);
        }
        Ok(vec![MessageEvent::MessageWithdrawn { withdrawn_at: at }])
    }

    fn fold(&mut self, event: MessageEvent) {
        match event {
            MessageEvent::MessageSent { author, recipients, addressed, sent_at, .. } => {
                let company = addressed.company;
                self.sent = Some(Sent { author, recipients, company, at: sent_at, withdrawn: false });
            }
            MessageEvent::MessageWithdrawn { .. } => {
                if let Some(sent) = &mut self.sent {
                    sent.withdrawn = true;
                }
            }
        }
    }
}
