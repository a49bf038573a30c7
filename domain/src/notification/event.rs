//! The events of a notification and of its audience.

use std::collections::BTreeMap;
use std::ops::Not;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ApprovalNeed, AudienceFilter, SmsOptions};
use crate::aggregate::events;
use crate::company::OverLimit;
use crate::deliveries::Totals;
use crate::personal::{Personal, hide_in_debug};
use crate::value::{
    Category, Channel, ClientId, CompanyId, ContactKind, Locale, NotificationId, RecipientKind, TemplateId,
    TimeZone, UserId,
};

/// An event of one notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a notification has few events, and most are its request")]
pub enum NotificationEvent {
    /// It was requested.
    NotificationRequested {
        /// The company whose clients it goes to.
        company: CompanyId,
        /// How.
        channel: Channel,
        /// Which contacts of a client it goes to.
        recipient_kind: RecipientKind,
        /// Its category.
        category: Category,
        /// An e-mail's subject line.
        subject: Option<Personal<String>>,
        /// The text.
        body: Personal<String>,
        /// The template of which subject and text are the source; none for a text without variables.
        template: Option<Box<UsedTemplate>>,
        /// The one person it goes to in place of the company's clients: the author, who tests a template. The client is the
        /// author's id, whose key seals the rest.
        only_to: Option<Box<Recipient>>,
        /// How an SMS is sent.
        sms: Option<SmsOptions>,
        /// Which clients of the company it goes to.
        filter: AudienceFilter,
        /// Nothing is sent after this.
        expires_at: Option<DateTime<Utc>>,
        /// Nothing is sent before this: the time it was scheduled for, or the end of its undo window. None: at once.
        send_at: Option<DateTime<Utc>>,
        /// The end of its undo window, which another time to begin does not cut short.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_until: Option<DateTime<Utc>>,
        /// Why another person than the author has to approve it first; none: nobody has to.
        needs_approval: Option<ApprovalNeed>,
        /// Numbers of other countries are left out, because the company's limit does not hold them.
        #[serde(default, skip_serializing_if = "Not::not")]
        excludes_foreign: bool,
        /// Who asked.
        author: UserId,
        /// When.
        requested_at: DateTime<Utc>,
    },
    /// Another person than its author has approved it. It begins at its time.
    NotificationApproved {
        /// Who.
        by: UserId,
    },
    /// Another person than its author has refused it. Nothing is sent.
    NotificationRejected {
        /// Who.
        by: UserId,
        /// Why, under the notification's key.
        reason: Personal<String>,
    },
    /// It has another time to begin.
    NotificationRescheduled {
        /// Nothing is sent before this.
        send_at: DateTime<Utc>,
    },
    /// Its time has come: from here on its audience is frozen. One without a time or approval begins with its request.
    NotificationBegun {
        /// When, which is the day that its text names.
        begun_at: DateTime<Utc>,
    },
    /// Nothing of it is sent until it is resumed.
    NotificationPaused,
    /// Its time has come, and it reaches more people than its company sends to without an approval, or many more than it was
    /// approved for: nothing of it is sent until another person than its author approves it.
    NotificationApprovalRequired {
        /// Why.
        need: ApprovalNeed,
    },
    /// Its time has come, and it would have passed a limit of its company: nothing of it is sent until it is resumed.
    NotificationPausedByLimit {
        /// The limit.
        over: OverLimit,
    },
    /// It goes on.
    NotificationResumed,
    /// A generation's audience is complete and frozen.
    AudienceClosed {
        /// 1 for the request, one more for each retry.
        generation: u32,
        /// How many people are sent to in this generation.
        total: u64,
        /// Contacts left out, by reason.
        excluded: BTreeMap<String, u64>,
    },
    /// Nothing of the last generation is left to be sent. What is in doubt may still be cleared up.
    NotificationCompleted {
        /// The last generation.
        generation: u32,
        /// How the deliveries of all generations ended.
        totals: Totals,
    },
    /// Nothing more is to be sent.
    NotificationCancelled,
    /// It expired while it waited for an approval or the end of a pause, before it had begun. Nothing is sent.
    NotificationExpired,
    /// The failed deliveries are to be sent again, as a new generation.
    NotificationRetried {
        /// The new generation.
        generation: u32,
    },
    /// Failed deliveries that a person has chosen are sent again, as a new generation. The events of their chunks, in the same
    /// transaction, say whose.
    DeliveriesRetried {
        /// The new generation.
        generation: u32,
        /// How many.
        people: u64,
        /// Why, under the notification's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    },
}

/// When a notification began, by its events in their order; none as long as it waits.
pub fn begun_at<'a>(events: impl IntoIterator<Item = &'a NotificationEvent>) -> Option<DateTime<Utc>> {
    events.into_iter().find_map(|event| match event {
        NotificationEvent::NotificationRequested {
            send_at: None,
            needs_approval: None,
            requested_at,
            ..
        } => Some(*requested_at),
        NotificationEvent::NotificationBegun { begun_at } => Some(*begun_at),
        _ => None,
    })
}

events!(NotificationEvent {
    NotificationRequested => "1", NotificationApproved => "1", NotificationRejected => "1",
    NotificationRescheduled => "1", NotificationBegun => "1", NotificationPaused => "1", NotificationPausedByLimit => "1",
    NotificationResumed => "1", NotificationApprovalRequired => "1",
    AudienceClosed => "1", NotificationCompleted => "1",
    NotificationCancelled => "1", NotificationExpired => "1", NotificationRetried => "1", DeliveriesRetried => "1",
});

/// One fact in the stream `audience/<notification>`, apart from the notification's own so that loading a notification does
/// not load its hundred thousand recipients. Chunk n is the stream's sequence n, from 1, so the same chunk cannot be
/// committed twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AudienceEvent {
    /// The next recipients, in the order of their addresses' blind indexes. The first is the chunk's member 1.
    AudienceChunkResolved {
        /// The notification.
        notification: NotificationId,
        /// Whose clients they are.
        company: CompanyId,
        /// How they are told.
        channel: Channel,
        /// At most [`CHUNK_MEMBERS`](crate::value::CHUNK_MEMBERS) of them.
        recipients: Vec<Recipient>,
        /// Where the next chunk goes on: the last recipient's blind index, in hex.
        cursor: String,
    },
}

events!(AudienceEvent { AudienceChunkResolved => "1" });

/// The aggregate type of audience streams.
pub const AUDIENCE: &str = "audience";

/// One person who is to be told. The place in the chunk is the person's [`Member`](crate::value::Member) number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipient {
    /// The client the person belongs to.
    pub client: ClientId,
    /// What the person is to the client.
    pub kind: ContactKind,
    /// Whether the address is a number of another country than the company's.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_foreign: bool,
    /// Who and where, under the client's key.
    pub addressee: Personal<Addressee>,
}

/// A recipient and its address, as of the freezing of the audience.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The client's name.
    pub client_name: String,
    /// The contact's name.
    pub contact_name: String,
    /// The phone number in E.164 or the e-mail address.
    pub address: String,
    /// The client's language, where the text depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// The client's time zone, where the text depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
    /// The client's own columns, by name: those that the text names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
}

impl Addressee {
    /// Nobody, for texts that are the same for everybody.
    pub const fn nobody() -> Self {
        Self {
            client_name: String::new(),
            contact_name: String::new(),
            address: String::new(),
            locale: None,
            time_zone: None,
            columns: BTreeMap::new(),
        }
    }
}

/// The template that a notification was made of, frozen so that what was sent can be shown for ever. The template's subject
/// and text are the notification's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsedTemplate {
    /// The template.
    pub id: TemplateId,
    /// Its version, from 1.
    pub version: u32,
    /// The template's HTML, compiled.
    pub html: Option<Personal<String>>,
    /// The texts of all declared variables, by name, under the notification's key.
    pub variables: Personal<BTreeMap<String, String>>,
    /// The company's name as of the request.
    pub company_name: String,
    /// Where the company's logo was as of the request.
    pub company_logo: Option<String>,
}

hide_in_debug!(Addressee);
