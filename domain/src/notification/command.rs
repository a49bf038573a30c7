//! The commands of a notification.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::AudienceFilter;
use super::event::{Addressee, UsedTemplate};
use crate::company::{Amount, Purse};
use crate::deliveries::Totals;
use crate::personal::{Personal, hide_in_debug};
use crate::value::{
    Category, Channel, CompanyId, EmailBody, NotificationId, RecipientKind, SmsBody, StatedReason, Subject,
    TemplateId, UserId,
};

/// A command of one notification.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a command is decided at once and never stored")]
pub enum NotificationCommand {
    /// Request it.
    Request(RequestNotification),
    /// Approve it.
    Approve {
        /// Who approves; not its author.
        by: UserId,
        /// When.
        at: DateTime<Utc>,
    },
    /// Refuse it.
    Reject {
        /// The notification, which is the key of the reason.
        notification: NotificationId,
        /// Who refuses; not its author.
        by: UserId,
        /// Why.
        reason: StatedReason,
    },
    /// Give it another time to begin.
    Reschedule {
        /// The new time.
        schedule_at: DateTime<Utc>,
        /// When this is asked.
        at: DateTime<Utc>,
    },
    /// Begin it, because its time has come; or end it, because it has expired while it waited.
    Begin(BeginNotification),
    /// Send nothing until it is resumed.
    Pause,
    /// Go on.
    Resume,
    /// Close a generation's audience: nobody is added any more.
    CloseAudience {
        /// 1 for the request, one more for each retry.
        generation: u32,
        /// How many people it has in this generation.
        total: u64,
        /// Contacts left out, by reason.
        excluded: BTreeMap<String, u64>,
    },
    /// Complete a generation of which nothing is left to be sent.
    Complete {
        /// The generation.
        generation: u32,
        /// How the deliveries of all generations ended.
        totals: Totals,
    },
    /// Cancel what is left.
    Cancel,
    /// Retry the failed deliveries.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What receipts and late answers have changed since the last completion, which is not told of them.
        changed: Totals,
    },
    /// Retry some failed deliveries that a person has chosen.
    RetryDeliveries {
        /// When.
        at: DateTime<Utc>,
        /// How many.
        people: u64,
        /// The reason in the person's words, under the notification's key.
        reason: Option<Personal<String>>,
    },
}

/// The fields of a new notification.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestNotification {
    /// The notification; also the key of its content.
    pub notification: NotificationId,
    /// The company whose clients it goes to.
    pub company: CompanyId,
    /// Which contacts of a client it goes to.
    pub recipient_kind: RecipientKind,
    /// Its category.
    pub category: Category,
    /// Its text and channel; with a template, the template's.
    pub content: Content,
    /// The template it is made of.
    pub template: Option<Box<FilledTemplate>>,
    /// The author's own name and address, if it goes to the author alone.
    pub only_to: Option<Box<Addressee>>,
    /// Which clients of the company it goes to.
    pub filter: AudienceFilter,
    /// Nothing is sent after this.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it begins; none: at once.
    pub schedule_at: Option<DateTime<Utc>>,
    /// For how many seconds nothing leaves, so that a cancellation undoes everything: at most [`HOLD_SECONDS_MAX`].
    ///
    /// [`HOLD_SECONDS_MAX`]: super::HOLD_SECONDS_MAX
    pub hold_seconds: u32,
    /// How many people it would reach now. Only counted where the company has a limit.
    pub people: u64,
    /// Above how many people the company wants an approval; none: never.
    pub approval_above: Option<u64>,
    /// Whether numbers of other countries are left out.
    pub excludes_foreign: bool,
    /// What it asks of its company's purse, if that has limits.
    pub asks: Option<Asks>,
    /// The user who requests it.
    pub author: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A notification whose time has come, by the audience and the limits of that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginNotification {
    /// When.
    pub at: DateTime<Utc>,
    /// How many people it would reach by then. Only counted where the company has a limit.
    pub people: u64,
    /// Above how many people the company wants an approval by then; none: never.
    pub approval_above: Option<u64>,
    /// What it asks of its company's purse by then, if that has limits.
    pub asks: Option<Asks>,
}

/// What a notification asks of its company's purse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    /// What it would take.
    pub amount: Amount,
    /// The purse as of this moment.
    pub purse: Purse,
}

/// A template whose variables are filled in.
#[derive(Clone, PartialEq)]
pub struct FilledTemplate {
    /// The template.
    pub id: TemplateId,
    /// Its version.
    pub version: u32,
    /// Its HTML, compiled.
    pub html: Option<String>,
    /// The texts of all declared variables, by name.
    pub variables: BTreeMap<String, String>,
    /// The company's name.
    pub company_name: String,
    /// Where the company's logo is.
    pub company_logo: Option<String>,
}

impl FilledTemplate {
    /// As a notification keeps it, under its own key.
    pub(super) fn frozen(self, key: Uuid) -> UsedTemplate {
        let Self { id, version, html, variables, company_name, company_logo } = self;
        let html = html.map(|html| Personal::new(key, html));
        let variables = Personal::new(key, variables);
        UsedTemplate { id, version, html, variables, company_name, company_logo }
    }
}

hide_in_debug!(FilledTemplate);

/// The text of a notification: an e-mail has a subject, an SMS has none.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text message.
    Sms {
        /// The text.
        body: SmsBody,
        /// How it is sent.
        options: SmsOptions,
    },
    /// An e-mail.
    Email {
        /// The subject line.
        subject: Subject,
        /// The text.
        body: EmailBody,
    },
}

/// How an SMS is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsOptions {
    /// Whether characters that the alphabet of GSM lacks are replaced where they have a cheaper form.
    pub transliterate: bool,
    /// The most parts that one person's SMS may take, and cost.
    pub segments_max: Option<u32>,
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
