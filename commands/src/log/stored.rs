//! Events that were read from the log: [`StoredEvent`] with its personal data sealed, [`Recorded`] when it is readable.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::message::MessageEvent;
use domain::notification::AudienceEvent;
use domain::proof::EventRow;
use domain::value::{CompanyId, UserId};
use domain::{DecodeError, Event, Position};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::append::Metadata;
use super::personal::SealContext;

/// An event as stored in the table and published to JetStream. Personal data is ciphertext. JSON is unparsed text, so
/// that it is cheap to copy and can be published even if it is unreadable.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its position in the log, from 1.
    pub position: Position,
    /// Its own id.
    pub event_id: Uuid,
    /// Such as `message`.
    pub aggregate_type: String,
    /// The stream within the type.
    pub aggregate_id: String,
    /// Its number in the stream, from 1.
    pub sequence: i64,
    /// The variant's name.
    pub event_type: String,
    /// The payload's version, a number as text.
    pub event_version: String,
    /// The event as JSON.
    pub payload: String,
    /// Actor, cause and origin, as JSON.
    pub metadata: String,
    /// When it was committed, by the database's clock.
    pub recorded_at: DateTime<Utc>,
}

/// The columns of a [`StoredEvent`]. Queries put further columns after them.
pub(crate) const COLUMNS: &str = "position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                                  event_version, payload, metadata, recorded_at";

/// Columns are read by number, and their types are not compared: both cost as much as reading the values. JSON is sent as
/// text.
impl FromRow<'_, PgRow> for StoredEvent {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            position: row.try_get_unchecked(0)?,
            event_id: row.try_get_unchecked(1)?,
            aggregate_type: row.try_get_unchecked(2)?,
            aggregate_id: row.try_get_unchecked(3)?,
            sequence: row.try_get_unchecked(4)?,
            event_type: row.try_get_unchecked(5)?,
            event_version: row.try_get_unchecked(6)?,
            payload: row.try_get_unchecked(7)?,
            metadata: row.try_get_unchecked(8)?,
            recorded_at: row.try_get_unchecked(9)?,
        })
    }
}

impl StoredEvent {
    /// The metadata as a map of text. Values that are not text were not written by this program and are ignored.
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

    /// The row whose canonical bytes are proven.
    pub fn proof_row(&self) -> EventRow<'_> {
        EventRow {
            position: self.position,
            event_id: self.event_id,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
            event_type: &self.event_type,
            event_version: &self.event_version,
            payload: &self.payload,
            metadata: &self.metadata,
            recorded_at: self.recorded_at,
        }
    }

    pub(super) fn seal_context(&self) -> SealContext<'_> {
        SealContext {
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
        }
    }
}

/// An event that is unsealed, upcast and decoded.
#[derive(Debug)]
pub struct Recorded {
    /// Its position in the log, from 1.
    pub position: Position,
    /// When it was committed, by the database's clock.
    pub recorded_at: DateTime<Utc>,
    /// Its own id.
    pub event_id: Uuid,
    /// Such as `message`.
    pub aggregate_type: String,
    /// The stream within the type.
    pub aggregate_id: String,
    /// Its number in the stream, from 1.
    pub sequence: i64,
    /// The variant's name.
    pub event_type: String,
    /// The actor, company and correlation id.
    pub context: Context,
    /// The event, or the reason why it cannot be read.
    pub event: Result<Event, DecodeError>,
}

/// The part of an event's metadata that readers need. The IP address is left out, because it would have to be unsealed.
/// Invalid ids are ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The user who gave the command; none for commands of the system.
    #[serde(deserialize_with = "if_valid")]
    pub actor: Option<UserId>,
    /// The company it concerns, if one.
    #[serde(deserialize_with = "if_valid")]
    pub company: Option<CompanyId>,
    /// The correlation id: the same for everything that one request led to.
    #[serde(rename = "correlation_id", deserialize_with = "if_valid")]
    pub correlation: Option<Uuid>,
}

fn if_valid<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<T>, D::Error> {
    let json: &RawValue = Deserialize::deserialize(json)?;
    Ok(serde_json::from_str(json.get()).ok())
}

impl Recorded {
    /// The stream's id if it is a UUID: it is one for all types but receipts and deliveries.
    pub fn id(&self) -> Option<Uuid> {
        Uuid::parse_str(&self.aggregate_id).ok()
    }

    /// How many people it names, at least 1: a measure of its cost in memory and in a projection.
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

    /// A stored event with its decoded event, or the reason why it cannot be read.
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
    fn a_context_has_the_valid_ids_of_the_metadata() {
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
    fn the_weight_of_an_event_is_its_people_and_of_an_unreadable_one_is_one() {
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
