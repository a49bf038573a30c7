//! `GET /messages/{id}/history`: the events of a message.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::Event;
use domain::message::MessageEvent;
use domain::value::MessageId;
use projections::Projection;
use serde::Serialize;
use serde_json::Value;

use super::receipts::author_for;
use crate::api::history::{AskHistory, History, Sight, shown_events};
use crate::extract::{PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The type of a message's stream.
const STREAM: &str = "message";
/// The most events of a message: it is sent, and perhaps withdrawn.
const EVENTS_MAX: i64 = 10;

/// What a message's events add up to.
#[derive(Debug, Default, PartialEq, Serialize)]
struct MessageState {
    /// How many people it was sent to.
    recipients: usize,
    /// When it was sent.
    sent_at: Option<DateTime<Utc>>,
    /// When its author withdrew it.
    withdrawn_at: Option<DateTime<Utc>>,
}

/// The events of a message and the resulting state (its author; auditors, without the text). What recipients did is in
/// the receipts.
#[utoipa::path(
    get, path = "/messages/{id}/history", tag = "messages",
    params(
        ("id" = uuid::Uuid, Path),
        ("as_of" = Option<String>, Query, description = "A position or a time (RFC 3339): the last one to include.")
    ),
    responses((status = 200, body = History))
)]
pub(super) async fn history(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    read: Read<AskHistory>,
) -> Answer<Json<History>> {
    let author = author_for(&read.caller, &state, message).await?;
    read.wait_for(&state, &[Projection::Users]).await?;
    let sight = if author == read.caller.id() { Sight::Clear } else { Sight::Masked };
    let events = events_of(&state, message, &read.query).await?;
    let folded = fold(&events).map_or(Ok(Value::Null), serde_json::to_value);
    Ok(Json(History {
        events: shown_events(&state, &events, sight).await?,
        state: folded.map_err(|error| Problem::internal(&error))?,
    }))
}

async fn events_of(state: &AppState, message: MessageId, asked: &AskHistory) -> Answer<Vec<Recorded>> {
    let stream = message.to_string();
    let stored = state.log().reader().read_stream(STREAM, &stream, 0, EVENTS_MAX).await?;
    let by_then =
        stored.into_iter().filter(|event| asked.as_of.covers(event.position, event.recorded_at)).collect();
    Ok(state.log().reader().open_events(by_then).await?)
}

/// The state after these events; none before the first.
fn fold(events: &[Recorded]) -> Option<MessageState> {
    let of_message = events.iter().filter_map(|recorded| match &recorded.event {
        Ok(Event::Message(event)) => Some(event),
        _ => None,
    });
    of_message.fold(None, |state, event| Some(state.unwrap_or_default().after(event)))
}

impl MessageState {
    fn after(self, event: &MessageEvent) -> Self {
        match event {
            MessageEvent::MessageSent { recipients, sent_at, .. } => {
                Self { recipients: recipients.len(), sent_at: Some(*sent_at), ..self }
            }
            MessageEvent::MessageWithdrawn { withdrawn_at } => {
                Self { withdrawn_at: Some(*withdrawn_at), ..self }
            }
        }
    }
}
