//! The envelope of events in JetStream: CloudEvents 1.0 in JSON, with personal data sealed.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::Position;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::stored::StoredEvent;

/// The prefix of every `type`, as CloudEvents recommends.
const TYPE_PREFIX: &str = "mensajeria.";
/// An upper estimate of the size of an envelope without its data, in bytes.
const ATTRIBUTES_BYTES: usize = 512;

/// The attributes of an envelope; `position`, `sequence` (in the stream) and `eventversion` are extensions.
#[derive(Serialize)]
struct Attributes<'a> {
    specversion: &'static str,
    id: Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    position: Position,
    sequence: i64,
    eventversion: &'a str,
}

/// The attributes that are read from an envelope.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: Uuid,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    time: DateTime<Utc>,
    position: Position,
    sequence: i64,
    #[serde(borrow)]
    eventversion: Cow<'a, str>,
    #[serde(borrow)]
    data: Sealed<'a>,
}

#[derive(Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

/// Writes an event as an envelope. Payload and metadata are copied without being parsed.
pub(crate) fn write(event: &StoredEvent, ledger: Uuid) -> Bytes {
    let attributes = Attributes {
        specversion: "1.0",
        id: event.event_id,
        source: &source(ledger),
        kind: &format!("{TYPE_PREFIX}{}.{}", event.aggregate_type, event.event_type),
        subject: &format!("{}/{}", event.aggregate_type, event.aggregate_id),
        time: event.recorded_at,
        datacontenttype: "application/json",
        position: event.position,
        sequence: event.sequence,
        eventversion: &event.event_version,
    };
    let mut json = Vec::with_capacity(ATTRIBUTES_BYTES + event.payload.len() + event.metadata.len());
    serde_json::to_writer(&mut json, &attributes).expect("text and numbers are always JSON");
    json.pop();
    for part in [",\"data\":{\"payload\":", &event.payload, ",\"metadata\":", &event.metadata, "}}"] {
        json.extend_from_slice(part.as_bytes());
    }
    json.into()
}

/// Reads the event from an envelope; none unless it belongs to this ledger and has this position.
pub(crate) fn read(json: &[u8], ledger: Uuid, position: Position) -> Option<StoredEvent> {
    let envelope: Envelope<'_> = serde_json::from_slice(json).ok()?;
    if envelope.source != source(ledger) || envelope.position != position {
        return None;
    }
    let (aggregate_type, event_type) = envelope.kind.strip_prefix(TYPE_PREFIX)?.split_once('.')?;
    let aggregate_id = envelope.subject.strip_prefix(aggregate_type)?.strip_prefix('/')?;
    Some(StoredEvent {
        position,
        event_id: envelope.id,
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: aggregate_id.to_owned(),
        sequence: envelope.sequence,
        event_type: event_type.to_owned(),
        event_version: envelope.eventversion.into_owned(),
        payload: envelope.data.payload.get().to_owned(),
        metadata: envelope.data.metadata.get().to_owned(),
        recorded_at: envelope.time,
    })
}

/// The id of the event in an envelope, if it is one.
pub(crate) fn event_id(json: &[u8]) -> Option<Uuid> {
    serde_json::from_slice::<Envelope<'_>>(json).ok().map(|envelope| envelope.id)
}

fn source(ledger: Uuid) -> String {
    ledger.urn().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const LEDGER: Uuid = Uuid::from_u128(9);

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let raw = StoredEvent { aggregate_id: "a/\"b\".c".into(), ..StoredEvent::sample() };
        let read = read(&write(&raw, LEDGER), LEDGER, raw.position).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", raw));
    }

    #[test]
    fn an_envelope_is_a_cloud_event() {
        let json: Value = serde_json::from_slice(&write(&StoredEvent::sample(), LEDGER)).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": "00000000-0000-0000-0000-000000000001",
            "source": "urn:uuid:00000000-0000-0000-0000-000000000009",
            "type": "mensajeria.message.MessageSent",
            "subject": "message/a",
            "time": "2023-11-14T22:13:20.123456Z",
            "datacontenttype": "application/json",
            "position": 7,
            "sequence": 1,
            "eventversion": "1",
            "data": {
                "payload": {"MessageSent": {"body": "¿\"qué\"?"}},
                "metadata": {"actor": "b"},
            },
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn another_ledger_or_position_is_not_read() {
        let raw = StoredEvent::sample();
        let json = write(&raw, LEDGER);
        assert!(read(&json, Uuid::nil(), raw.position).is_none());
        assert!(read(&json, LEDGER, raw.position + 1).is_none());
        assert!(read(b"{}", LEDGER, raw.position).is_none());
    }
}
