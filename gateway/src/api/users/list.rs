//! `GET /users`: the workers who may log in.

use axum::Json;
use axum::extract::State;
use domain::value::Role;
use projections::Projection;
use projections::queries::users::{self, UserFilter, UserRow};
use projections::queries::{Page, PageRequest};

use crate::access::Caller;
use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, Read, Search};
use crate::problem::Answer;
use crate::state::AppState;

/// The filters.
pub(super) struct ListUsers {
    q: Option<Search>,
    active: Option<bool>,
    page: PageRequest,
}

impl FromQuery for ListUsers {
    fn read(params: &mut Params) -> Option<Self> {
        let states = [Some(true), Some(false), None];
        let active = params.word("active", &["true", "false", "all"], &states).unwrap_or(Some(true));
        Some(Self { q: params.optional("q"), active, page: params.page() })
    }
}

/// The workers who may log in, newest first. `q` finds names by their words, in any order and without regard to
/// accents. Only administrators see addresses, search by them, and see companies other than their own. Administrators
/// and auditors may also list those who may not log in.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(
        PageParams, ("q" = Option<String>, Query, max_length = 200),
        ("active" = Option<String>, Query, description = "`true`, `false` or `all`; `true` by default.")
    ),
    responses((status = 200, body = Page<UserRow>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListUsers>,
) -> Answer<Json<Page<UserRow>>> {
    let (caller, ListUsers { q, active, page }) = (&read.caller, &read.query);
    // Auditors may have to name workers who have left.
    caller.needs(caller.has(Role::Auditor) || *active == Some(true))?;
    read.wait_for(&state, &[Projection::Users]).await?;
    let q = q.as_ref().map(|q| q.as_str().to_owned());
    let _slot = state.costly_reads().take_if(q.is_some(), caller, None).await?;
    let filter = UserFilter { active: *active, q, by_email: caller.is_admin() };
    let mut found = users::list(state.pool(), &filter, page).await?;
    found.data.iter_mut().for_each(|user| show(user, caller));
    Ok(Json(found))
}

/// Removes the fields that the caller may not read.
fn show(user: &mut UserRow, caller: &Caller) {
    if !caller.is_admin() {
        user.email = None;
        user.phone = None;
        user.companies.retain(|company| caller.knows((*company).into()));
    }
}
