//! Every event of every aggregate as one type, and the one way from stored JSON to it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::client::ClientEvent;
use crate::company::CompanyEvent;
use crate::deliveries::{DELIVERIES, DeliveriesEvent};
use crate::inbox::InboxEvent;
use crate::message::MessageEvent;
use crate::notification::{AudienceEvent, NotificationEvent};
use crate::receipt::ReceiptEvent;
use crate::upcast::{is_of_today, upcast};
use crate::user::UserEvent;

/// An event of any aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of a message.
    Message(MessageEvent),
    /// Of a receipt.
    Receipt(ReceiptEvent),
    /// Of an inbox.
    Inbox(InboxEvent),
    /// Of a notification.
    Notification(NotificationEvent),
    /// Of a notification's audience.
    Audience(AudienceEvent),
    /// Of the deliveries of a chunk.
    Deliveries(DeliveriesEvent),
    /// Of a client.
    Client(ClientEvent),
    /// Of a company.
    Company(CompanyEvent),
    /// Of a user.
    User(UserEvent),
}

/// Why a stored event cannot be read: a poison event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No aggregate of that type exists in this version of the program.
    #[error("unknown aggregate type {0:?}")]
    UnknownAggregate(String),
    /// A later version of the program wrote it.
    #[error("version {0:?} of the event is not known to this program")]
    UnknownVersion(String),
    /// The payload is not an event of its aggregate. Not with what it quotes, which may be personal.
    #[error("not an event of its aggregate")]
    Payload(#[from] serde_json::Error),
    /// Its personal data does not open under its key: somebody changed the row, or the key is another one.
    #[error("its personal data does not open under its key")]
    Sealed,
}

impl Event {
    /// Reads an event as stored, upcast to today's version. The payload must be unsealed.
    pub fn decode(
        aggregate_type: &str,
        event_type: &str,
        version: &str,
        payload: Value,
    ) -> Result<Self, DecodeError> {
        Self::read(aggregate_type, upcast(event_type, version, payload)?)
    }

    /// The same from text, without a tree in between unless the event has to be upcast.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode_text(
        aggregate_type: &str,
        event_type: &str,
        version: &str,
        payload: &str,
    ) -> Result<Self, DecodeError> {
        if !is_of_today(event_type, version) {
            return Self::decode(aggregate_type, event_type, version, serde_json::from_str(payload)?);
        }
        let mut json = serde_json::Deserializer::from_str(payload);
        let event = Self::read(aggregate_type, &mut json)?;
        json.end()?;
        Ok(event)
    }

    fn read<'de>(
        aggregate_type: &str,
        payload: impl Deserializer<'de, Error = serde_json::Error>,
    ) -> Result<Self, DecodeError> {
        Ok(match aggregate_type {
            "message" => Self::Message(Deserialize::deserialize(payload)?),
            "receipt" => Self::Receipt(Deserialize::deserialize(payload)?),
            "inbox" => Self::Inbox(Deserialize::deserialize(payload)?),
            "notification" => Self::Notification(Deserialize::deserialize(payload)?),
            "audience" => Self::Audience(Deserialize::deserialize(payload)?),
            DELIVERIES => Self::Deliveries(Deserialize::deserialize(payload)?),
            "client" => Self::Client(Deserialize::deserialize(payload)?),
            "company" => Self::Company(Deserialize::deserialize(payload)?),
            "user" => Self::User(Deserialize::deserialize(payload)?),
            unknown => return Err(DecodeError::UnknownAggregate(unknown.to_owned())),
        })
    }
}
