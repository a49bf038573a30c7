//! `GET /clients/{id}`: one client.

use axum::Json;
use axum::extract::State;
use domain::value::ClientId;
use projections::Projection;
use projections::queries::clients::{self, ClientRow};

use crate::extract::{NoQuery, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// One client with its contacts (notifiers and auditors of its company).
#[utoipa::path(
    get, path = "/clients/{id}", tag = "clients",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ClientRow))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(client): PathId<ClientId>,
    read: Read<NoQuery>,
) -> Answer<Json<ClientRow>> {
    read.wait_for(&state, &[Projection::Clients]).await?;
    let found =
        clients::client(state.pool(), read.caller.scope(), client).await?.ok_or_else(Problem::not_found)?;
    read.caller.needs(read.caller.may_read_clients(found.company_id.into()))?;
    Ok(Json(found))
}
