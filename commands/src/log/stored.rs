//! Events as they come out of the log: stored with their personal data sealed, recorded when they can be read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::message::MessageEvent;
use domain::notification::AudienceEvent;
use domain::value::{CompanyId, UserId};
use domain::{DecodeError, Event, Position};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::append::Metadata;
use super::personal::Place;

/// An event as it stands in the table or travels in JetStream: personal data is ciphertext, and JSON is text that nobody
/// has parsed, so that it is quick to copy and can be carried even when it is poison.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its place in the log, from 1.
    pub position: Position,
    /// Its own id.
    pub event_id: Uuid,
    /// Such as `message`.
    pub aggregate_type: String,
    /// The stream within the type.
    pub aggregate_id: String,
    /// Its place in the stream, from 1.
    pub sequence: i64,
    /// The variant's name.
    pub event_type: String,
    /// The payload's version, a number as text.
    pub event_version: String,
    /// The event as JSON.
    pub payload: String,
    /// Who, why and whence, as JSON.
    pub metadata: String,
    /// When it was committed, by the database's clock.
    pub recorded_at: DateTime<Utc>,
}

/// The columns that a [`StoredEvent`] is read from; what is read beside them comes after.
pub(crate) const COLUMNS: &str = "position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                                  event_version, payload, metadata, recorded_at";

/// By number: looking ten names up costs as much as reading what they name. JSON is sent as its text.
impl FromRow<'_, PgRow> for StoredEvent {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            position: row.try_get(0)?,
            event_id: row.try_get(1)?,
            aggregate_type: row.try_get(2)?,
            aggregate_id: row.try_get(3)?,
            sequence: row.try_get(4)?,
            event_type: row.try_get(5)?,
            event_version: row.try_get(6)?,
            payload: row.try_get_unchecked(7)?,
            metadata: row.try_get_unchecked(8)?,
            recorded_at: row.try_get(9)?,
        })
    }
}

impl StoredEvent {
    /// Who, why and whence. What is not a map of text was not written by us; what is text in it still counts.
    pub fn metadata(&self) -> Metadata {
        serde_json::from_str(&self.metadata).unwrap_or_else(|_| {
            let entries: HashMap<String, Value> = serde_json::from_str(&self.metadata).unwrap_or_default();
            let text = |(name, value)| match value {
                Value::String(value) => Some((name, value)),
                _ => None,
            };
            entries.into_iter().filter_map(text).collect()
        })
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place {
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
        }
    }
}

/// An event that its readers can use: unsealed, upcast and decoded.
#[derive(Debug)]
pub struct Recorded {
    /// Its place in the log, from 1.
    pub position: Position,
    /// When it was committed, by the database's clock.
    pub recorded_at: DateTime<Utc>,
    /// Its own id.
    pub event_id: Uuid,
    /// Such as `message`.
    pub aggregate_type: String,
    /// The stream within the type.
    pub aggregate_id: String,
    /// Its place in the stream, from 1.
    pub sequence: i64,
    /// The variant's name.
    pub event_type: String,
    /// Who gave the command, and what it is part of.
    pub context: Context,
    /// What happened; or, for a poison event, why it cannot be read.
    pub event: Result<Event, DecodeError>,
}

/// Of an event's metadata, what its readers need; not the ip, which would have to be unsealed. What is not an id was not
/// written by us, and is as if it were not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The user who gave the command; none for the system's own doing.
    #[serde(deserialize_with = "if_valid")]
    pub actor: Option<UserId>,
    /// The company it concerns, if one.
    #[serde(deserialize_with = "if_valid")]
    pub company: Option<CompanyId>,
    /// What ties together all that one request led to.
    #[serde(rename = "correlation_id", deserialize_with = "if_valid")]
    pub correlation: Option<Uuid>,
}

fn if_valid<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<T>, D::Error> {
    let json: &RawValue = Deserialize::deserialize(json)?;
    Ok(serde_json::from_str(json.get()).ok())
}

impl Recorded {
    /// The stream's id where it is a UUID, as it is for all but receipts and deliveries.
    pub fn id(&self) -> Option<Uuid> {
        Uuid::parse_str(&self.aggregate_id).ok()
    }

    /// How many people it names, at least 1: what it takes to keep it in memory and to project it.
    pub fn weight(&self) -> usize {
        match &self.event {
            Ok(Event::Message(MessageEvent::MessageSent { recipients, .. })) => recipients.len().max(1),
            Ok(Event::Audience(AudienceEvent::AudienceChunkResolved { recipients, .. })) => {
                recipients.len().max(1)
            }
            Ok(Event::Deliveries(event)) => event.members().len().max(1),
            _ => 1,
        }
    }

    /// A stored event with what it says, or why it says nothing.
    pub(super) fn of(stored: StoredEvent, event: Result<Event, DecodeError>) -> Self {
        Self {
            position: stored.position,
            recorded_at: stored.recorded_at,
            event_id: stored.event_id,
            aggregate_type: stored.aggregate_type,
            aggregate_id: stored.aggregate_id,
            sequence: stored.sequence,
            event_type: stored.event_type,
            context: serde_json::from_str(&stored.metadata).unwrap_or_default(),
            event,
        }
    }
}

#[cfg(test)]
impl StoredEvent {
    /// The first event of a message.
    pub(crate) fn sample() -> Self {
        Self {
            position: 7,
            event_id: Uuid::from_u128(1),
            aggregate_type: "message".into(),
            aggregate_id: "a".into(),
            sequence: 1,
            event_type: "MessageSent".into(),
            event_version: "1".into(),
            payload: r#"{"MessageSent": {"body":"¿\"qué\"?"}}"#.into(),
            metadata: r#"{"actor": "b"}"#.into(),
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).expect("a time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::metadata;

    fn metadata_of(text: &str) -> Metadata {
        StoredEvent { metadata: text.into(), ..StoredEvent::sample() }.metadata()
    }

    #[test]
    fn metadata_that_is_not_text_is_left_out() {
        assert_eq!(metadata_of(r#"{"actor": "b", "n": 1}"#), Metadata::from([("actor".into(), "b".into())]));
        assert_eq!(metadata_of("[1]"), Metadata::new());
    }

    #[test]
    fn a_context_is_what_is_valid_of_the_metadata() {
        let context = |metadata: &str| {
            let stored = StoredEvent { metadata: metadata.into(), ..StoredEvent::sample() };
            Recorded::of(stored, Err(DecodeError::Sealed)).context
        };
        let id = Uuid::from_u128(7);
        let names = [metadata::ACTOR, metadata::COMPANY, metadata::CORRELATION, metadata::IP];
        let all: HashMap<_, _> = names.map(|name| (name, id)).into();
        assert_eq!(
            context(&serde_json::to_string(&all).unwrap()),
            Context { actor: Some(id.into()), company: Some(id.into()), correlation: Some(id) }
        );
        let some = format!(r#"{{"actor": "b", "n": [1], "company": 5, "correlation_id": "{id}"}}"#);
        assert_eq!(context(&some), Context { correlation: Some(id), ..Context::default() });
        assert_eq!(context("[1]"), Context::default());
        assert_eq!(context("{}"), Context::default());
    }

    #[test]
    fn an_event_weighs_as_much_as_the_people_it_names_and_what_cannot_be_read_as_one() {
        let message = serde_json::json!({ "MessageSent": {
            "author": Uuid::nil(), "recipients": [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)],
            "addressed": { "users": [], "roles": [], "company": null }, "body": { "$key": Uuid::nil() },
            "priority": "normal", "acknowledge": false, "in_reply_to": null, "sent_at": "2026-01-01T00:00:00Z",
        }});
        let weight = |event| Recorded::of(StoredEvent::sample(), event).weight();
        let sent = Event::decode_text("message", "MessageSent", "1", &message.to_string());
        assert!(sent.is_ok(), "{sent:?}");
        assert_eq!((weight(sent), weight(Err(DecodeError::Sealed))), (3, 1));
        let reopened = serde_json::json!({ "DeliveriesReopened": {
            "notification": Uuid::nil(), "company": Uuid::nil(), "generation": 2, "members": "1-64,500",
        }});
        let reopened = Event::decode_text("deliveries", "DeliveriesReopened", "1", &reopened.to_string());
        assert!(reopened.is_ok(), "{reopened:?}");
        assert_eq!(weight(reopened), 65);
    }
}
