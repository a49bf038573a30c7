//! `GET /notifications/{id}/history`: what happened to a notification, and to its audience in numbers.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::Event;
use domain::notification::NotificationEvent;
use domain::value::NotificationId;
use projections::Projection;
use projections::queries::audit::{self, AuditEntry, AuditFilter};
use projections::queries::{PAGE_ROWS_MAX, PageRequest};
use serde::Serialize;
use serde_json::Value;

use super::read::row_for;
use crate::access::Caller;
use crate::api::history::{AskHistory, History, HistoryEvent, Sight, told};
use crate::extract::{PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The type of its stream.
const STREAM: &str = "notification";
/// How many events of a notification's own stream are told: a request, and a handful a retry.
const EVENTS_MAX: i64 = 1_000;
/// The event that holds a part of the audience.
const CHUNK: &str = "AudienceChunkResolved";
/// How many pages of such parts are told: half a million people and more.
const CHUNK_PAGES_MAX: usize = 10;

/// What a notification's events add up to, its deliveries apart.
#[derive(Debug, Default, PartialEq, Serialize)]
struct NotificationState {
    /// `resolving`, `resolved` or `cancelled`.
    state: &'static str,
    /// 1 for the request, one more for each retry.
    generation: u32,
    /// When it was asked for.
    requested_at: Option<DateTime<Utc>>,
    /// Nothing is sent after this.
    expires_at: Option<DateTime<Utc>>,
    /// The audience of the present generation.
    audience: Audience,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct Audience {
    /// How many were found so far.
    resolved: u64,
    /// How many there are, once all are found.
    total: Option<u64>,
    /// Contacts left out, by reason, once all are found.
    excluded: BTreeMap<String, u64>,
}

/// What happened to a notification, in order, and the state that adds up to (notifiers and auditors of its company).
/// Its audience comes as numbers; what became of each recipient stands in the deliveries.
#[utoipa::path(
    get, path = "/notifications/{id}/history", tag = "notifications",
    params(
        ("id" = uuid::Uuid, Path),
        ("as_of" = Option<String>, Query, description = "A position, or a time (RFC 3339): up to and with it.")
    ),
    responses((status = 200, body = History))
)]
pub(super) async fn history(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<AskHistory>,
) -> Answer<Json<History>> {
    row_for(&state, &read, notification).await?;
    read.wait_for(&state, &[Projection::Audit]).await?;
    let own = own_events(&state, notification, &read.query).await?;
    let chunks = chunks(&state, &read.caller, notification, &read.query).await?;
    let folded = fold(&own, &chunks).map_or(Ok(Value::Null), serde_json::to_value);
    let mut events = told(&state, &own, Sight::Clear).await?;
    events.extend(chunks);
    events.sort_by_key(|event| event.position);
    Ok(Json(History { events, state: folded.map_err(|error| Problem::internal(&error))? }))
}

async fn own_events(state: &AppState, id: NotificationId, asked: &AskHistory) -> Answer<Vec<Recorded>> {
    let stored = state.log().read_stream(STREAM, &id.to_string(), 0, EVENTS_MAX).await?;
    let by_then =
        stored.into_iter().filter(|event| asked.as_of.covers(event.position, event.recorded_at)).collect();
    state.log().open_events(by_then).await.map_err(|error| Problem::internal(&error))
}

/// The parts of the audience from the audit, which has their numbers: the events themselves have 500 sealed addresses
/// each.
async fn chunks(
    state: &AppState,
    caller: &Caller,
    id: NotificationId,
    asked: &AskHistory,
) -> Answer<Vec<HistoryEvent>> {
    let filter =
        AuditFilter { kind: Some(CHUNK.into()), subject: Some(id.to_string()), ..AuditFilter::default() };
    let (mut chunks, mut next) = (Vec::new(), None);
    for _ in 0..CHUNK_PAGES_MAX {
        let page = PageRequest::parse(Some(PAGE_ROWS_MAX), next.as_deref()).unwrap_or_default();
        let page = audit::list(state.pool(), caller.scope(), &filter, &page).await?;
        chunks.extend(
            page.data.into_iter().filter(|entry| asked.as_of.covers(entry.position, entry.at)).map(chunk),
        );
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(chunks)
}

fn chunk(entry: AuditEntry) -> HistoryEvent {
    let AuditEntry { position, at, actor, kind, summary: data, .. } = entry;
    HistoryEvent { position, at, actor, kind, data }
}

/// None before the first event.
fn fold(own: &[Recorded], chunks: &[HistoryEvent]) -> Option<NotificationState> {
    let of_notification = own.iter().filter_map(|recorded| match &recorded.event {
        Ok(Event::Notification(event)) => Some(event),
        _ => None,
    });
    of_notification
        .fold(None, |state: Option<NotificationState>, event| Some(state.unwrap_or_default().after(event)))
        .map(|state| state.with(chunks))
}

impl NotificationState {
    fn after(self, event: &NotificationEvent) -> Self {
        let resolving =
            |generation| Self { state: "resolving", generation, audience: Audience::default(), ..self };
        match event {
            NotificationEvent::NotificationRequested { expires_at, requested_at, .. } => {
                Self { expires_at: *expires_at, requested_at: Some(*requested_at), ..resolving(1) }
            }
            NotificationEvent::NotificationRetried { generation } => resolving(*generation),
            NotificationEvent::NotificationCancelled => Self { state: "cancelled", ..self },
            NotificationEvent::AudienceClosed { total, excluded, .. } => {
                let state = if self.state == "cancelled" { "cancelled" } else { "resolved" };
                let audience = Audience { total: Some(*total), excluded: excluded.clone(), ..self.audience };
                Self { state, audience, ..self }
            }
        }
    }

    fn with(mut self, chunks: &[HistoryEvent]) -> Self {
        let own =
            chunks.iter().filter(|chunk| chunk.data["generation"].as_u64() == Some(self.generation.into()));
        self.audience.resolved = own.filter_map(|chunk| chunk.data["recipients"].as_u64()).sum();
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folded(events: &[NotificationEvent]) -> NotificationState {
        events.iter().fold(NotificationState::default(), |state, event| state.after(event))
    }

    fn chunk(generation: u32, recipients: u64) -> HistoryEvent {
        let data = json!({ "generation": generation, "recipients": recipients });
        HistoryEvent { position: 1, at: DateTime::UNIX_EPOCH, actor: None, kind: CHUNK.into(), data }
    }

    fn closed(generation: u32, total: u64) -> NotificationEvent {
        let excluded = BTreeMap::from([("no_phone".to_owned(), 2)]);
        NotificationEvent::AudienceClosed { generation, total, excluded }
    }

    #[test]
    fn a_retry_counts_its_own_audience() {
        let state = folded(&[closed(1, 900), NotificationEvent::NotificationRetried { generation: 2 }]);
        let state = state.with(&[chunk(1, 500), chunk(1, 400), chunk(2, 30)]);
        assert_eq!((state.state, state.generation), ("resolving", 2));
        assert_eq!((state.audience.resolved, state.audience.total), (30, None));
    }

    #[test]
    fn what_was_cancelled_stays_so_when_its_audience_is_closed_later() {
        let state = folded(&[NotificationEvent::NotificationCancelled, closed(1, 3)]);
        assert_eq!((state.state, state.audience.total), ("cancelled", Some(3)));
        assert_eq!(state.audience.excluded["no_phone"], 2);
    }
}
