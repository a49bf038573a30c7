//! `GET /companies`: the companies that the caller may act for.

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::companies::{self, CompanyRow};
use projections::queries::{Page, PageRequest};

use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The page.
pub(super) struct ListCompanies(PageRequest);

impl FromQuery for ListCompanies {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self(params.page()))
    }
}

/// The companies that the caller may act for, newest first; all of them for administrators.
#[utoipa::path(get, path = "/companies", tag = "companies", params(PageParams), responses((status = 200, body = Page<CompanyRow>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListCompanies>,
) -> Answer<Json<Page<CompanyRow>>> {
    read.wait_for(&state, &[Projection::Clients]).await?;
    let ListCompanies(page) = &read.query;
    Ok(Json(companies::list(state.pool(), read.caller.scope(), page).await?))
}
