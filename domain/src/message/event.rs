//! The events of a message.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::personal::Personal;
use crate::value::{CompanyId, MessageId, Priority, Role, UserId};

/// An event of one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MessageEvent {
    /// It was sent.
    MessageSent {
        /// Who wrote it.
        author: UserId,
        /// The people it went to.
        recipients: Vec<UserId>,
        /// Whom the author named.
        addressed: Addressed,
        /// What it says, under the message's own key.
        body: Personal<String>,
        /// How urgent it is.
        priority: Priority,
        /// Whether an acknowledgement was asked for.
        acknowledge: bool,
        /// The message it answers.
        in_reply_to: Option<MessageId>,
        /// When it was sent.
        sent_at: DateTime<Utc>,
    },
    /// Its author withdrew it.
    MessageWithdrawn {
        /// When.
        withdrawn_at: DateTime<Utc>,
    },
}

events!(MessageEvent { MessageSent => "1", MessageWithdrawn => "1" });

/// The recipients as the author named them, before roles and companies were resolved to people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// People named one by one.
    pub users: Vec<UserId>,
    /// Everyone who has any of these roles, within `company` if it is given.
    pub roles: Vec<Role>,
    /// Everyone of this company, if no roles are given.
    pub company: Option<CompanyId>,
}
