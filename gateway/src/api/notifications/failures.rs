//! `GET /notifications/{id}/failures`: the causes of deliveries that failed, wait, are in doubt or were excluded.

use axum::Json;
use axum::extract::State;
use domain::value::NotificationId;
use projections::queries::Page;
use projections::queries::notifications::{self, Cause};

use super::read::row_for;
use crate::extract::{NoQuery, PathId, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The causes of failed, deferred, suppressed and doubtful deliveries, the most frequent first, at most 200.
#[utoipa::path(
    get, path = "/notifications/{id}/failures", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Page<Cause>))
)]
pub(super) async fn failures(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<NoQuery>,
) -> Answer<Json<Page<Cause>>> {
    row_for(&state, &read, notification).await?;
    let data = notifications::causes(state.pool(), read.caller.scope(), notification).await?;
    Ok(Json(Page { data, next: None }))
}
