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

/// Who is logged in.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The user.
    id: Uuid,
    /// The worker's name.
    name: Option<String>,
    /// What the worker logs in with.
    email: Option<String>,
    /// What the worker may do.
    roles: Vec<String>,
    /// The companies the worker may act for; an administrator may act for every one.
    companies: Vec<Uuid>,
    /// The messages waiting.
    counts: inbox::Counts,
    /// Whether «Buzón de pruebas» is served.
    simulator: bool,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me))
}

/// Who is logged in, what they may do, and how many messages wait.
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
