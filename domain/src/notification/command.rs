//! Orders to a notification.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::deliveries::Totals;
use crate::value::{
    Category, Channel, CompanyId, EmailBody, NotificationId, RecipientKind, SmsBody, Subject, UserId,
};

/// An order to one notification.
#[derive(Debug, Clone, PartialEq)]
pub enum NotificationCommand {
    /// Ask for it to be sent.
    Request(RequestNotification),
    /// Freeze a generation's audience: what was resolved is all there is.
    CloseAudience {
        /// 1 for the request, one more for each retry.
        generation: u32,
        /// How many people are sent to in this generation.
        total: u64,
        /// Contacts left out, by reason.
        excluded: BTreeMap<String, u64>,
    },
    /// Record that nothing of a generation is left to be sent.
    Complete {
        /// The generation.
        generation: u32,
        /// How the deliveries of all generations ended.
        totals: Totals,
    },
    /// Send nothing more.
    Cancel,
    /// Send again to those it failed for.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
}

/// What a notification is asked with.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestNotification {
    /// The notification; also the key of its content.
    pub notification: NotificationId,
    /// Whose clients are told.
    pub company: CompanyId,
    /// Whom of a client.
    pub recipient_kind: RecipientKind,
    /// What kind of matter it is.
    pub category: Category,
    /// What it says, and by which channel.
    pub content: Content,
    /// Nothing is sent after this.
    pub expires_at: Option<DateTime<Utc>>,
    /// Who asks.
    pub author: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a notification says: an e-mail has a subject, an SMS cannot.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text message.
    Sms {
        /// The text.
        body: SmsBody,
    },
    /// An e-mail.
    Email {
        /// The subject line.
        subject: Subject,
        /// The text.
        body: EmailBody,
    },
}

impl Content {
    /// The channel that carries it.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Sms { .. } => Channel::Sms,
            Self::Email { .. } => Channel::Email,
        }
    }
}
