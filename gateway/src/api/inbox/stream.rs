//! `GET /inbox/stream`: the inbox as it changes (server-sent events).

use axum::extract::State;
use axum::response::Response;
use projections::Projection;

use crate::extract::{NoQuery, Read};
use crate::live::{Connection, LastEventId, inbox};
use crate::problem::Answer;
use crate::state::AppState;

/// The changes of the inbox, as events `message` (an item of the inbox), `withdrawn` (`{message_id}`: its author
/// withdrew it), `receipt` (for authors), `counts` (absolute), `reset` (read the lists again). Each event's id is its
/// position; with `Last-Event-ID` the stream continues after it.
#[utoipa::path(
    get, path = "/inbox/stream", tag = "inbox",
    params(("Last-Event-ID" = Option<i64>, Header, minimum = 0)),
    responses((status = 200, body = String, content_type = "text/event-stream"))
)]
pub(super) async fn stream(
    State(state): State<AppState>,
    LastEventId(last): LastEventId,
    read: Read<NoQuery>,
) -> Answer<Response> {
    let user = read.caller.id();
    let permit = state.live().permit(user)?;
    read.wait_for(&state, &[Projection::Inbox]).await?;
    state.live().inbox().await?;
    let shared = state.clone();
    Ok(Connection::open(state, read.caller, permit, async move |connection| {
        let hub = shared.live().inbox().await.map_err(|_| crate::live::StreamEnded)?;
        inbox::follow(hub, connection, user, last).await
    }))
}
