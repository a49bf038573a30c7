//! The history of an aggregate: its events in order, and the state after them, up to a position or a time.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::personal::{CLEAR, KEY};
use domain::value::UserId;
use domain::{Event, Position};
use projections::queries::{EXCERPT_CHARS, Person, users};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::extract::{FromQuery, FromText, Params};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// The member beside a text that was cut.
const TRUNCATED: &str = "truncated";

/// The events of one object, and the resulting state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct History {
    /// The events, in the order of the log.
    pub(super) events: Vec<HistoryEvent>,
    /// The state after these events; none before the first one.
    #[schema(value_type = Option<Object>)]
    pub(super) state: Value,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct HistoryEvent {
    /// The event's position in the log.
    pub(super) position: Position,
    /// When the event was committed.
    pub(super) at: DateTime<Utc>,
    /// The user who caused it; none for the system itself.
    pub(super) actor: Option<Person>,
    /// The event's type.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The facts. Personal data is `{"erased": true}` once the person is erased, and `{"masked": true}` for readers
    /// without the right to it. A text over 500 characters is cut, with `truncated: true` beside it; the object itself
    /// has the whole text.
    #[schema(value_type = Object)]
    pub(super) data: Value,
}

/// The end of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AsOf {
    /// This position, included.
    Position(Position),
    /// This time, included.
    Time(DateTime<Utc>),
}

impl AsOf {
    /// Whether an event had happened by then.
    pub(super) fn covers(self, position: Position, at: DateTime<Utc>) -> bool {
        match self {
            Self::Position(last) => position <= last,
            Self::Time(last) => at <= last,
        }
    }
}

/// A position is all digits; a time never is.
impl FromText for AsOf {
    fn from_text(text: &str) -> Result<Self, Reason> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let refused = |_| Reason::OutOfRange { min: 0, max: Position::MAX };
            return text.parse().map(Self::Position).map_err(refused);
        }
        DateTime::<Utc>::from_text(text).map(Self::Time)
    }
}

/// The end of the history.
pub(super) struct AskHistory {
    pub(super) as_of: AsOf,
}

impl FromQuery for AskHistory {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { as_of: params.optional("as_of").unwrap_or(AsOf::Position(Position::MAX)) })
    }
}

/// Whether the caller may read personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Personal data as written.
    Clear,
    /// Personal data is replaced by a mark.
    Masked,
}

/// Events as the API shows them. An event that cannot be decoded is shown without its facts.
pub(super) async fn shown_events(
    state: &AppState,
    recorded: &[Recorded],
    sight: Sight,
) -> Answer<Vec<HistoryEvent>> {
    let actors: BTreeSet<_> = recorded.iter().filter_map(|one| one.context.actor).collect();
    let people = users::names(state.pool(), &Vec::from_iter(actors)).await?;
    let event = |one: &Recorded| {
        Ok(HistoryEvent {
            position: one.position,
            at: one.recorded_at,
            actor: one.context.actor.map(|actor| person(&people, actor)),
            kind: one.event_type.clone(),
            data: one.event.as_ref().map_or(Ok(Value::Null), |event| facts(event, sight))?,
        })
    };
    recorded.iter().map(event).collect()
}

fn person(people: &HashMap<UserId, String>, id: UserId) -> Person {
    Person { id: id.into(), name: people.get(&id).cloned() }
}

fn facts(event: &Event, sight: Sight) -> Answer<Value> {
    let written = match event {
        Event::Message(event) => serde_json::to_value(event),
        Event::Notification(event) => serde_json::to_value(event),
        Event::Provider(event) => serde_json::to_value(event),
        // No other event has a history endpoint yet.
        _ => Ok(Value::Null),
    };
    let written = written.map_err(|error| Problem::internal(&error))?;
    Ok(cut(plain(without_type(written), sight)))
}

/// `{"Type": {…}}` without the type. An event without facts is its type alone.
fn without_type(written: Value) -> Value {
    match written {
        Value::Object(members) => members.into_iter().next().map_or(Value::Null, |(_, facts)| facts),
        _ => json!({}),
    }
}

/// Replaces personal values by their plain text or by a mark.
fn plain(value: Value, sight: Sight) -> Value {
    match value {
        Value::Object(mut members) if members.contains_key(KEY) => match (members.remove(CLEAR), sight) {
            (Some(clear), Sight::Clear) => clear,
            (Some(_), Sight::Masked) => json!({ "masked": true }),
            (None, _) => json!({ "erased": true }),
        },
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, plain(value, sight))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(|value| plain(value, sight)).collect(),
        other => other,
    }
}

/// Cuts long texts, and adds a mark to their object.
fn cut(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let is_cut =
                members.values().any(|member| member.as_str().is_some_and(|text| end_of(text).is_some()));
            let mut members: Map<_, _> =
                members.into_iter().map(|(name, value)| (name, cut(value))).collect();
            if is_cut {
                members.insert(TRUNCATED.to_owned(), true.into());
            }
            members.into()
        }
        Value::Array(elements) => elements.into_iter().map(cut).collect(),
        Value::String(mut text) => {
            end_of(&text).into_iter().for_each(|end| text.truncate(end));
            text.into()
        }
        other => other,
    }
}

/// The byte at which a text is cut; none if it is short.
fn end_of(text: &str) -> Option<usize> {
    text.char_indices().nth(EXCERPT_CHARS).map(|(end, _)| end)
}

#[cfg(test)]
mod tests {
    use domain::message::{Addressed, MessageEvent};
    use domain::personal::Personal;
    use domain::value::Priority;
    use uuid::Uuid;

    use super::*;

    fn sent(body: Personal<String>) -> Event {
        Event::Message(MessageEvent::MessageSent {
            author: Uuid::from_u128(1).into(),
            recipients: vec![Uuid::from_u128(2).into()],
            addressed: Addressed::default(),
            body,
            priority: Priority::Normal,
            acknowledge: false,
            in_reply_to: None,
            sent_at: DateTime::UNIX_EPOCH,
        })
    }

    #[test]
    fn personal_facts_are_shown_to_permitted_readers_only() {
        let event = sent(Personal::new(Uuid::nil(), "Hola".into()));
        assert_eq!(facts(&event, Sight::Clear).unwrap()["body"], "Hola");
        assert_eq!(facts(&event, Sight::Masked).unwrap()["body"], json!({"masked": true}));
        assert_eq!(facts(&event, Sight::Masked).unwrap()["recipients"], json!([Uuid::from_u128(2)]));
        let erased = sent(Personal::erased(Uuid::nil()));
        assert_eq!(facts(&erased, Sight::Clear).unwrap()["body"], json!({"erased": true}));
    }

    #[test]
    fn a_text_over_500_characters_is_cut_by_characters_and_says_so_where_it_stands() {
        let (longest, longer) = ("ñ".repeat(500), "ñ".repeat(501));
        assert_eq!(cut(json!({"body": longest})), json!({"body": longest}));
        assert_eq!(cut(json!({"body": longer})), json!({"body": longest, "truncated": true}));
        assert_eq!(
            cut(json!({"content": [{"email": {"subject": "Corte", "body": longer}}], "n": 1})),
            json!({"content": [{"email": {"subject": "Corte", "body": longest, "truncated": true}}], "n": 1})
        );
    }

    #[test]
    fn history_is_asked_for_up_to_a_position_or_a_time() {
        assert_eq!(AsOf::from_text("42"), Ok(AsOf::Position(42)));
        assert!(matches!(AsOf::from_text("2026-01-31T10:00:00-05:00"), Ok(AsOf::Time(_))));
        for refused in ["99999999999999999999", "-1", "ayer"] {
            assert!(AsOf::from_text(refused).is_err(), "{refused}");
        }
        let second = DateTime::from_timestamp(1, 0).unwrap();
        assert!(AsOf::Position(7).covers(7, second) && !AsOf::Position(7).covers(8, second));
        assert!(AsOf::Time(second).covers(8, second) && !AsOf::Time(DateTime::UNIX_EPOCH).covers(1, second));
    }
}
