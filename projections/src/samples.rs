//! Events for tests, as read from the log.

use chrono::{DateTime, Utc};
use commands::log::{Context, Recorded};
use domain::{DecodeError, Event, Position};
use uuid::Uuid;

/// An id that is easy to recognize.
pub(crate) const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A time that is as many seconds after the epoch.
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("a time")
}

/// An event of an aggregate, committed as many seconds after the epoch as its position says.
pub(crate) fn recorded(position: Position, aggregate_id: impl ToString, event: Event) -> Recorded {
    let aggregate_type = match event {
        Event::Message(_) => "message",
        Event::Receipt(_) => "receipt",
        Event::Inbox(_) => "inbox",
        Event::Notification(_) => "notification",
        Event::Audience(_) => "audience",
        Event::Deliveries(_) => "deliveries",
        Event::Client(_) => "client",
        Event::Company(_) => "company",
        Event::User(_) => "user",
        Event::Template(_) => "template",
        Event::Suppression(_) => "suppression",
        Event::Provider(_) => "provider",
    };
    stored(position, aggregate_type, aggregate_id, Ok(event))
}

/// An event that no program can read.
pub(crate) fn unreadable(position: Position, aggregate_type: &str, aggregate_id: impl ToString) -> Recorded {
    stored(position, aggregate_type, aggregate_id, Err(DecodeError::UnknownAggregate(String::new())))
}

fn stored(
    position: Position,
    aggregate_type: &str,
    aggregate_id: impl ToString,
    event: Result<Event, DecodeError>,
) -> Recorded {
    Recorded {
        position,
        recorded_at: at(position),
        event_id: id(position.unsigned_abs().into()),
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: aggregate_id.to_string(),
        sequence: position,
        event_type: "Sample".to_owned(),
        context: Context::default(),
        event,
    }
}
