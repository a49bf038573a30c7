//! `GET /companies/{id}`: one company.

use axum::Json;
use axum::extract::State;
use domain::value::CompanyId;
use projections::Projection;
use projections::queries::companies::{self, CompanyRow};

use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// One company that the caller may act for.
#[utoipa::path(
    get, path = "/companies/{id}", tag = "companies",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = CompanyRow))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(company): PathId<CompanyId>,
    read: Read<NoQuery>,
) -> Answer<Json<CompanyRow>> {
    read.wait_for(&state, &[Projection::Clients]).await?;
    let found = companies::company(state.pool(), read.caller.scope(), company).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}
