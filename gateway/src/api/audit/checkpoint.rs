//! `GET /audit/checkpoint`: the newest signed state of the log.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use projections::proof::newest_note;

use super::sealed;
use crate::extract::{NoQuery, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The newest checkpoint of the log as a signed note (C2SP tlog-checkpoint). 404 before the first one.
#[utoipa::path(
    get, path = "/audit/checkpoint", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(super) async fn read(State(state): State<AppState>, read: Read<NoQuery>) -> Answer<impl IntoResponse> {
    sealed(&state, &read).await?;
    let note = newest_note(state.pool()).await?.ok_or_else(Problem::not_found)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], note))
}
