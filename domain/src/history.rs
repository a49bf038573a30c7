//! Every event of every aggregate as one type, and its decoding from stored JSON.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::client::ClientEvent;
use crate::company::CompanyEvent;
use crate::decode_error::DecodeError;
use crate::deliveries::{DELIVERIES, DeliveriesEvent};
use crate::inbox::InboxEvent;
use crate::message::MessageEvent;
use crate::notification::{AudienceEvent, NotificationEvent};
use crate::provider::{PROVIDER, ProviderEvent};
use crate::receipt::ReceiptEvent;
use crate::suppression::{SUPPRESSION, SuppressionEvent};
use crate::template::TemplateEvent;
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
    /// Of a provider.
    Provider(ProviderEvent),
    /// Of a suppression.
    Suppression(SuppressionEvent),
    /// Of a user.
    User(UserEvent),
    /// Of a template.
    Template(TemplateEvent),
}

impl Event {
    /// Decodes a stored event, upcast to the current version. The payload must be unsealed.
    pub fn decode(
        aggregate_type: &str,
        event_type: &str,
        version: &str,
        payload: Value,
    ) -> Result<Self, DecodeError> {
        Self::read(aggregate_type, upcast(event_type, version, payload)?)
    }

    /// The same from text. A JSON tree is built only if the event must be upcast.
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
            PROVIDER => Self::Provider(Deserialize::deserialize(payload)?),
            SUPPRESSION => Self::Suppression(Deserialize::deserialize(payload)?),
            "user" => Self::User(Deserialize::deserialize(payload)?),
            "template" => Self::Template(Deserialize::deserialize(payload)?),
            unknown => return Err(DecodeError::UnknownAggregate(unknown.to_owned())),
        })
    }
}
