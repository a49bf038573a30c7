//! Events as they come out of the log: stored with their personal data sealed, recorded when they can be read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::message::MessageEvent;
use domain::notification::AudienceEvent;
use domain::personal::KEY;
use domain::value::{CompanyId, UserId};
use domain::{DecodeError, Event, Position};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::append::{Metadata, metadata};
use super::seal::Place;

/// An event as it stands in the table or travels in JetStream: personal data is ciphertext, and JSON is text that nobody
/// has parsed, so that it is quick to copy and can be carried even when it is poison.
#[derive(Debug, Clone, FromRow)]
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

/// The columns that a [`StoredEvent`] is read from.
pub(crate) const COLUMNS: &str = "position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                                  event_version, payload::text as payload, metadata::text as metadata, recorded_at";

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

    /// The payload as a tree, if something personal may stand in it.
    pub(super) fn personal_payload(&self) -> Option<Value> {
        let may_be_personal = self.payload.contains(&format!("\"{KEY}\""));
        may_be_personal.then(|| self.parsed_payload())
    }

    /// JSON that PostgreSQL takes and we do not, such as 1e999, becomes null: no event decodes from that, so it is
    /// poison for itself only.
    pub(super) fn parsed_payload(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap_or(Value::Null)
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
    /// Who, why and whence, without the ip: no reader needs it, and it would have to be unsealed.
    pub metadata: Metadata,
    /// What happened; or, for a poison event, why it cannot be read.
    pub event: Result<Event, DecodeError>,
}

impl Recorded {
    /// The user who gave the command; none for the system's own doing.
    pub fn actor(&self) -> Option<UserId> {
        self.metadata.get(metadata::ACTOR).and_then(|actor| actor.parse().ok())
    }

    /// The company it concerns, if one.
    pub fn company(&self) -> Option<CompanyId> {
        self.metadata.get(metadata::COMPANY).and_then(|company| company.parse().ok())
    }

    /// The stream's id where it is a UUID, as it is for all but receipts and audiences.
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
            _ => 1,
        }
    }

    /// A stored event with what it says, or why it says nothing.
    pub(super) fn of(stored: StoredEvent, event: Result<Event, DecodeError>) -> Self {
        let mut metadata = stored.metadata();
        metadata.remove(metadata::IP);
        Self {
            position: stored.position,
            recorded_at: stored.recorded_at,
            event_id: stored.event_id,
            aggregate_type: stored.aggregate_type,
            aggregate_id: stored.aggregate_id,
            sequence: stored.sequence,
            event_type: stored.event_type,
            metadata,
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

    fn metadata_of(text: &str) -> Metadata {
        StoredEvent { metadata: text.into(), ..StoredEvent::sample() }.metadata()
    }

    #[test]
    fn metadata_that_is_not_text_is_left_out() {
        assert_eq!(metadata_of(r#"{"actor": "b", "n": 1}"#), Metadata::from([("actor".into(), "b".into())]));
        assert_eq!(metadata_of("[1]"), Metadata::new());
    }

    #[test]
    fn only_what_has_a_key_is_parsed_to_be_unsealed() {
        let payload =
            |text: &str| StoredEvent { payload: text.into(), ..StoredEvent::sample() }.personal_payload();
        assert!(payload(r#"{"body": {"$key": "x", "sealed": "y"}}"#).is_some());
        assert!(payload(r#"{"body": "\"$key\""}"#).is_none());
    }

    #[test]
    fn a_message_weighs_as_much_as_the_people_it_goes_to_and_what_cannot_be_read_as_one() {
        let message = serde_json::json!({ "MessageSent": {
            "author": Uuid::nil(), "recipients": [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)],
            "addressed": { "users": [], "roles": [], "company": null }, "body": { "$key": Uuid::nil() },
            "priority": "normal", "acknowledge": false, "in_reply_to": null, "sent_at": "2026-01-01T00:00:00Z",
        }});
        let weight = |event| Recorded::of(StoredEvent::sample(), event).weight();
        let sent = Event::decode_text("message", "MessageSent", "1", &message.to_string());
        assert!(sent.is_ok(), "{sent:?}");
        assert_eq!((weight(sent), weight(Err(DecodeError::Sealed))), (3, 1));
    }

    #[test]
    fn json_that_cannot_be_read_is_poison_for_one_event_only() {
        let poison = StoredEvent { payload: "1e999".into(), ..StoredEvent::sample() };
        assert_eq!(poison.parsed_payload(), Value::Null);
    }
}
