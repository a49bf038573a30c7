//! Events as they come out of the log: stored with their personal data sealed, recorded when they can be read.

use chrono::{DateTime, Utc};
use domain::message::MessageEvent;
use domain::notification::AudienceEvent;
use domain::value::{CompanyId, UserId};
use domain::{DecodeError, Event, Position};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::append::{Metadata, metadata};
use super::seal::Place;

/// An event as it stands in the table or travels in JetStream: personal data is ciphertext.
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
    #[sqlx(json)]
    pub payload: Value,
    /// Who, why and whence.
    #[sqlx(json)]
    pub metadata: Metadata,
    /// When it was committed, by the database's clock.
    pub recorded_at: DateTime<Utc>,
}

/// The columns that a [`StoredEvent`] is read from.
pub(crate) const COLUMNS: &str = "position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                                  event_version, payload, metadata, recorded_at";

impl StoredEvent {
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
    /// Who, why and whence; the ip is clear or, once the actor is erased, absent.
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

    pub(super) fn of(stored: StoredEvent) -> Self {
        let event =
            Event::decode(&stored.aggregate_type, &stored.event_type, &stored.event_version, stored.payload);
        Self {
            position: stored.position,
            recorded_at: stored.recorded_at,
            event_id: stored.event_id,
            aggregate_type: stored.aggregate_type,
            aggregate_id: stored.aggregate_id,
            sequence: stored.sequence,
            event_type: stored.event_type,
            metadata: stored.metadata,
            event,
        }
    }
}
