//! `DELETE /session`: log out.

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::refuse_parameters;
use crate::access::{Credential, cleared_cookie, credential_of, refuse_other_sites};
use crate::problem::Answer;
use crate::state::AppState;

/// Log out: the session ends at once. A repeated request is no error.
#[utoipa::path(
    delete, path = "/session", tag = "session",
    responses((status = 204, description = "Logged out."))
)]
pub(super) async fn end(
    State(state): State<AppState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Response> {
    refuse_parameters(&uri)?;
    if let Some(Credential::Session(hash)) = credential_of(&headers, state.settings()) {
        refuse_other_sites(&method, &headers, state.settings())?;
        state.sessions().end(hash).await?;
    }
    let cookie = cleared_cookie(state.settings().secure_cookies);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
