//! `GET /companies/{id}/clients`: whom a company serves.

use axum::Json;
use axum::extract::State;
use domain::value::CompanyId;
use projections::Projection;
use projections::queries::clients::{self, ClientRow};
use projections::queries::{Page, PageRequest};

use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, PathId, Read, Search};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Which clients.
pub(in crate::api) struct ListClients {
    q: Option<Search>,
    page: PageRequest,
}

impl FromQuery for ListClients {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { q: params.optional("q"), page: params.page() })
    }
}

/// The clients of a company, newest first; `q` finds names, external ids, numbers and addresses whatever the accents.
#[utoipa::path(
    get, path = "/companies/{id}/clients", tag = "clients",
    params(PageParams, ("id" = uuid::Uuid, Path), ("q" = Option<String>, Query, max_length = 200)),
    responses((status = 200, body = Page<ClientRow>))
)]
pub(in crate::api) async fn list(
    State(state): State<AppState>,
    PathId(company): PathId<CompanyId>,
    read: Read<ListClients>,
) -> Answer<Json<Page<ClientRow>>> {
    read.caller.needs_for(company, read.caller.may_read_clients(company))?;
    read.wait_for(&state, &[Projection::Clients]).await?;
    if !state.directory().has_company(company).await? {
        return Err(Problem::not_found());
    }
    let q = read.query.q.as_ref().map(Search::as_str);
    Ok(Json(clients::list(state.pool(), company, q, &read.query.page).await?))
}
