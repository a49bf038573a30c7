//! Every event of every aggregate as one type, and the one way from stored JSON to it.

use serde_json::Value;

use crate::client::ClientEvent;
use crate::company::CompanyEvent;
use crate::delivery::DeliveryEvent;
use crate::inbox::InboxEvent;
use crate::message::MessageEvent;
use crate::notification::{AudienceEvent, NotificationEvent};
use crate::receipt::ReceiptEvent;
use crate::upcast::upcast;
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
    /// Of a delivery.
    Delivery(DeliveryEvent),
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
        let payload = upcast(event_type, version, payload)?;
        Ok(match aggregate_type {
            "message" => Self::Message(serde_json::from_value(payload)?),
            "receipt" => Self::Receipt(serde_json::from_value(payload)?),
            "inbox" => Self::Inbox(serde_json::from_value(payload)?),
            "notification" => Self::Notification(serde_json::from_value(payload)?),
            "audience" => Self::Audience(serde_json::from_value(payload)?),
            "delivery" => Self::Delivery(serde_json::from_value(payload)?),
            "client" => Self::Client(serde_json::from_value(payload)?),
            "company" => Self::Company(serde_json::from_value(payload)?),
            "user" => Self::User(serde_json::from_value(payload)?),
            unknown => return Err(DecodeError::UnknownAggregate(unknown.to_owned())),
        })
    }
}
