//! What has happened to a notification, and its audience.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::personal::{Personal, hide_in_debug};
use crate::value::{
    Category, Channel, ClientId, CompanyId, ContactKind, DeliveryId, NotificationId, RecipientKind, UserId,
};

/// One fact in the history of a notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NotificationEvent {
    /// It was asked for.
    NotificationRequested {
        /// Whose clients are told.
        company: CompanyId,
        /// How.
        channel: Channel,
        /// Whom of a client.
        recipient_kind: RecipientKind,
        /// What kind of matter it is.
        category: Category,
        /// An e-mail's subject line.
        subject: Option<Personal<String>>,
        /// The text.
        body: Personal<String>,
        /// Nothing is sent after this.
        expires_at: Option<DateTime<Utc>>,
        /// Who asked.
        author: UserId,
        /// When.
        requested_at: DateTime<Utc>,
    },
    /// A generation's audience is complete and frozen.
    AudienceClosed {
        /// 1 for the request, one more for each retry.
        generation: u32,
        /// How many deliveries the generation has.
        total: u64,
        /// Contacts left out, by reason.
        excluded: BTreeMap<String, u64>,
    },
    /// Nothing more is to be sent.
    NotificationCancelled,
    /// The failed deliveries are to be sent again, as a new generation.
    NotificationRetried {
        /// The new generation.
        generation: u32,
    },
}

events!(NotificationEvent {
    NotificationRequested => "1", AudienceClosed => "1", NotificationCancelled => "1", NotificationRetried => "1",
});

/// One fact in the stream `audience/<notification>:<generation>`, apart from the notification's own so that loading a
/// notification does not load its hundred thousand recipients. Chunk n is the stream's sequence n, from 1, so the same
/// chunk cannot be committed twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AudienceEvent {
    /// The next recipients, in order of `address_index`.
    AudienceChunkResolved {
        /// The notification.
        notification: NotificationId,
        /// Whose clients they are.
        company: CompanyId,
        /// How they are told.
        channel: Channel,
        /// 1 for the request, one more for each retry.
        generation: u32,
        /// At most [`AUDIENCE_CHUNK`] of them.
        recipients: Vec<Recipient>,
        /// Where the next chunk goes on: the last recipient's blind index, in hex.
        cursor: String,
    },
}

events!(AudienceEvent { AudienceChunkResolved => "1" });

/// How many recipients one event holds at most: 500 sealed recipients are about 200 kB, well under the broker's limit.
pub const AUDIENCE_CHUNK: usize = 500;
/// The aggregate type of audience streams.
pub const AUDIENCE: &str = "audience";

/// The stream of one generation's audience.
pub fn audience_stream(notification: NotificationId, generation: u32) -> String {
    format!("{notification}:{generation}")
}

/// One person who is to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipient {
    /// The delivery: UUIDv5 of the notification and the address's blind index.
    pub delivery: DeliveryId,
    /// The client the person belongs to.
    pub client: ClientId,
    /// What the person is to the client.
    pub kind: ContactKind,
    /// Who and where, under the client's key.
    pub addressee: Personal<Addressee>,
}

/// Who is told, and where, as it stood when the audience was frozen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The client's name.
    pub client_name: String,
    /// The contact's name.
    pub contact_name: String,
    /// The phone number in E.164 or the e-mail address.
    pub address: String,
}

hide_in_debug!(Addressee);
