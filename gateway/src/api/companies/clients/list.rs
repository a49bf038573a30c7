//! `GET /companies/{id}/clients`: the clients of a company.

use axum::Json;
use axum::extract::State;
use domain::value::{CompanyId, Invalid, PhoneNumber};
use projections::Projection;
use projections::queries::clients::{self, ClientFilter, ClientRow};
use projections::queries::{Page, PageRequest};

use super::profile;
use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, PathId, Read, Search};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The filters.
pub(in crate::api) struct ListClients {
    q: Option<Search>,
    page: PageRequest,
}

impl FromQuery for ListClients {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { q: params.optional("q"), page: params.page() })
    }
}

/// The clients of a company, newest first. `q` finds clients with each of its words in a name, the external id, a
/// number or an address, in any order and without regard to accents; a number may be written in groups.
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
    let ListClients { q, page } = &read.query;
    let _slot = state.costly_reads().take_if(q.is_some(), &read.caller, Some(company)).await?;
    let phone = match q {
        Some(q) if is_number(q.as_str()) => phone(&state, company, q.as_str()).await?,
        _ => None,
    };
    let filter = ClientFilter { q: q.as_ref().map(|q| q.as_str().to_owned()), phone };
    Ok(Json(clients::list(state.pool(), company, &filter, page).await?))
}

fn is_number(q: &str) -> bool {
    q.contains(|c: char| c.is_ascii_digit()) && !q.contains(char::is_alphabetic)
}

/// The search text as a phone number of the company's country, in E.164, without dialling prefixes.
async fn phone(state: &AppState, company: CompanyId, q: &str) -> Answer<Option<String>> {
    let stored = |invalid: Invalid| Problem::internal(&invalid);
    let country = profile(state, company).await?.country.parse().map_err(stored)?;
    Ok(PhoneNumber::parse(q, country).ok().map(PhoneNumber::into_string))
}
