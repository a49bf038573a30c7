//! `GET /projections`: the state of the projections.

use axum::Json;
use axum::extract::State;
use projections::queries::Page;
use projections::queries::status::{self, ProjectionStatus};

use crate::extract::{NoQuery, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The status of the projections. Only administrators see why one has stopped.
#[utoipa::path(get, path = "/projections", tag = "projections", responses((status = 200, body = Page<ProjectionStatus>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<NoQuery>,
) -> Answer<Json<Page<ProjectionStatus>>> {
    read.wait_if_asked(&state).await?;
    let mut data = status::list(state.log().reader()).await?;
    if !read.caller.is_admin() {
        data.iter_mut().for_each(|projection| projection.failure = None);
    }
    Ok(Json(Page { data, next: None }))
}
