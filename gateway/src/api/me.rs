//! `GET /me`: the caller.

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::{inbox, users};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::extract::{NoQuery, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The user who is logged in.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The user.
    id: Uuid,
    /// The worker's name.
    name: Option<String>,
    /// The address that the worker logs in with.
    email: Option<String>,
    /// The worker's roles.
    roles: Vec<String>,
    /// The companies that the worker may act for. An administrator may act for every company.
    companies: Vec<Uuid>,
    /// The counts of the worker's inbox.
    counts: inbox::Counts,
    /// Whether «Buzón de pruebas» is served.
    simulator: bool,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me))
}

/// The user who is logged in, with roles, companies and counts of messages.
#[utoipa::path(get, path = "/me", tag = "session", responses((status = 200, body = Me)))]
async fn me(State(state): State<AppState>, read: Read<NoQuery>) -> Answer<Json<Me>> {
    read.wait_for(&state, &[Projection::Users, Projection::Inbox]).await?;
    let user = users::user(state.pool(), read.caller.id()).await?.ok_or_else(Problem::not_found)?;
    let counts = inbox::counts(state.pool(), read.caller.id()).await?;
    Ok(Json(Me {
        id: user.id,
        name: user.name,
        email: user.email,
        roles: user.roles,
        companies: user.companies,
        counts,
        simulator: state.settings().simulator.is_some(),
    }))
}
