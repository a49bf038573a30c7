//! Pages of the log by position, bounded in rows and in bytes, with the JSON left as text.

use chrono::{DateTime, Utc};
use domain::Position;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::append::Metadata;
use super::{EventLog, PAGE_EVENTS_MAX, StoredEvent};

/// About how many bytes of payload one page holds; an event that is larger comes alone.
pub const PAGE_BYTES_MAX: i64 = 1024 * 1024;

/// A range instead of a limit: positions are dense, and a planner without statistics still takes the index. The size is
/// the stored one, which costs no reading of large payloads that the page will not hold.
const PAGE: &str = "
select position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
       payload::text as payload, metadata::text as metadata, recorded_at
from (
  select *, sum(pg_column_size(payload)) over (order by position rows unbounded preceding)
            - pg_column_size(payload) as bytes_before
  from events
  where position > $1 and position <= $1 + $2
) page
where bytes_before < $3
order by position";

/// An event as it stands in the table, its JSON still text: quick to copy, and readable even when it is poison.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RawEvent {
    pub(crate) position: Position,
    pub(crate) event_id: Uuid,
    pub(crate) aggregate_type: String,
    pub(crate) aggregate_id: String,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    pub(crate) payload: String,
    pub(crate) metadata: String,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl EventLog {
    /// The events after a position, in order, as many as fit into a page.
    pub(crate) async fn page_after(&self, position: Position) -> sqlx::Result<Vec<RawEvent>> {
        sqlx::query_as(PAGE)
            .bind(position)
            .bind(PAGE_EVENTS_MAX)
            .bind(PAGE_BYTES_MAX)
            .fetch_all(self.pool())
            .await
    }

    /// The log's head, and the id of the event at a position.
    pub(crate) async fn head_and_id(&self, position: Position) -> sqlx::Result<(Position, Option<Uuid>)> {
        sqlx::query_as(
            "select coalesce(max(position), 0), (select event_id from events where position = $1) from events",
        )
        .bind(position)
        .fetch_one(self.pool())
        .await
    }
}

impl From<RawEvent> for StoredEvent {
    fn from(raw: RawEvent) -> Self {
        Self {
            position: raw.position,
            event_id: raw.event_id,
            aggregate_type: raw.aggregate_type,
            aggregate_id: raw.aggregate_id,
            sequence: raw.sequence,
            event_type: raw.event_type,
            event_version: raw.event_version,
            payload: payload(&raw.payload),
            metadata: metadata(&raw.metadata),
            recorded_at: raw.recorded_at,
        }
    }
}

/// JSON that PostgreSQL takes and we do not, such as 1e999, becomes null: no event decodes from that, so it is poison
/// for itself only.
pub(super) fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// Metadata that is not a map of text was not written by us; what is text in it still counts.
pub(super) fn metadata(text: &str) -> Metadata {
    let Ok(Value::Object(entries)) = serde_json::from_str(text) else { return Metadata::new() };
    let text = |(name, value)| match value {
        Value::String(value) => Some((name, value)),
        _ => None,
    };
    entries.into_iter().filter_map(text).collect()
}

#[cfg(test)]
impl RawEvent {
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

    #[test]
    fn json_that_cannot_be_read_is_poison_for_one_event_only() {
        assert_eq!(payload("1e999"), Value::Null);
        assert_eq!(metadata("[1]"), Metadata::new());
    }

    #[test]
    fn metadata_that_is_not_text_is_left_out() {
        assert_eq!(metadata(r#"{"actor": "b", "n": 1}"#), Metadata::from([("actor".into(), "b".into())]));
    }
}
