//! `GET /notifications/{id}/stream`: the progress of a notification (server-sent events).

use axum::extract::State;
use axum::response::Response;
use domain::Position;
use domain::value::NotificationId;
use projections::queries::notifications::NotificationRow;

use super::read::row_for;
use crate::extract::{NoQuery, PathId, Read};
use crate::live::notifications::{NotificationProgress, Seen, follow};
use crate::live::{Connection, LastEventId};
use crate::problem::Answer;
use crate::state::AppState;

/// The progress of a notification, as events `totals` with absolute numbers: `{state, totals, …}`, each of the totals
/// also beside them. Each event's id is its position; an event without an id only changes what is in flight. With
/// `Last-Event-ID` the stream continues after it; if nothing came after it, the first event is the current state,
/// without an id.
#[utoipa::path(
    get, path = "/notifications/{id}/stream", tag = "notifications",
    params(("id" = uuid::Uuid, Path), ("Last-Event-ID" = Option<i64>, Header, minimum = 0)),
    responses((status = 200, body = String, content_type = "text/event-stream"))
)]
pub(super) async fn stream(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    LastEventId(last): LastEventId,
    read: Read<NoQuery>,
) -> Answer<Response> {
    row_for(&state, &read, notification).await?;
    let permit = state.live().permit(read.caller.id())?;
    let hub = state.live().notifications().await?;
    // Subscribe before you look: later changes come through the hub.
    let latest = hub.watch(notification);
    let row = row_for(&state, &read, notification).await?;
    let found = progress(&state, &row).await?;
    hub.offer(notification, &found);
    let seen = seen(&state, last, row.position).await?;
    Ok(Connection::open(state, read.caller, permit, move |connection| {
        follow(connection, latest, found, seen)
    }))
}

async fn progress(state: &AppState, row: &NotificationRow) -> Answer<NotificationProgress> {
    let id = NotificationId::from(row.id);
    let sending = dispatcher::tasks::sending_counts(state.pool(), &[id]).await?;
    Ok(NotificationProgress::of(row, sending.get(&id).copied().unwrap_or(0)))
}

async fn seen(state: &AppState, last: Option<Position>, position: Position) -> Answer<Seen> {
    Ok(match last {
        None => Seen::Nothing,
        Some(last) if last > position && last > state.log().reader().head().await? => Seen::AnotherLog,
        Some(last) => Seen::UpTo(last),
    })
}
