//! `GET /notifications/{id}/preview`: what a notification that has not begun would do now.

use axum::Json;
use axum::extract::State;
use commands::CommandError;
use domain::notification::{NotificationError, NotificationEvent, NotificationState};
use domain::rendering::Text;
use domain::value::NotificationId;
use projections::Projection;

use super::super::purse::{Going, Terms};
use super::super::read::row_for;
use super::Preview;
use crate::api::templates::not_rendered;
use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The audience, the size and samples of a notification that has not begun, as of now (notifiers and auditors of its
/// company): what another person needs to know who approves it.
#[utoipa::path(
    get, path = "/notifications/{id}/preview", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Preview))
)]
pub(in super::super) async fn waiting(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<NoQuery>,
) -> Answer<Json<Preview>> {
    let row = row_for(&state, &read, notification).await?;
    read.wait_for(&state, &[Projection::Clients]).await?;
    if let Some(error) = why_not(row.state, row.begun_at.is_some()) {
        return Err(CommandError::Refused(error).into());
    }
    let request = commands::notifications::requested(state.log(), notification).await?;
    let request = request.ok_or_else(Problem::not_found)?;
    let begins_at = row.send_at.unwrap_or_else(|| state.now()).max(state.now());
    let text = Text::of_request(&request, begins_at).map_err(|fault| not_rendered(&fault))?;
    let NotificationEvent::NotificationRequested { company, channel, recipient_kind, filter, .. } = &request
    else {
        return Err(Problem::not_found());
    };
    let text = text.ok_or_else(Problem::not_found)?;
    let terms = Terms::of(&state, *company).await?;
    let requested = Some(notification);
    let going = Going { channel: *channel, kind: *recipient_kind, filter, begins_at, requested };
    let (preview, _) = Preview::of(&state, &read.caller, &terms, going, &text).await?;
    Ok(Json(preview))
}

/// What has begun has an audience of its own, and what is over has none.
const fn why_not(state: NotificationState, has_begun: bool) -> Option<NotificationError> {
    match state {
        _ if has_begun => Some(NotificationError::AlreadyBegun),
        NotificationState::Cancelled => Some(NotificationError::Cancelled),
        _ => None,
    }
}
