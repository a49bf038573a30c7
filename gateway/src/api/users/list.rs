//! `GET /users`: the workers who may log in.

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::users::{self, UserRow};
use projections::queries::{Page, PageRequest};

use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, Read, Search};
use crate::problem::Answer;
use crate::state::AppState;

/// Which workers.
pub(super) struct ListUsers {
    q: Option<Search>,
    page: PageRequest,
}

impl FromQuery for ListUsers {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { q: params.optional("q"), page: params.page() })
    }
}

/// The workers who may log in, newest first; `q` finds names whatever the accents. Only administrators see addresses.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(PageParams, ("q" = Option<String>, Query, max_length = 200)),
    responses((status = 200, body = Page<UserRow>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListUsers>,
) -> Answer<Json<Page<UserRow>>> {
    read.wait_for(&state, &[Projection::Users]).await?;
    let q = read.query.q.as_ref().map(Search::as_str);
    let mut page = users::list(state.pool(), q, &read.query.page).await?;
    if !read.caller.is_admin() {
        page.data.iter_mut().for_each(|user| user.email = None);
    }
    Ok(Json(page))
}
