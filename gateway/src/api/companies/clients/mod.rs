//! `/companies/{id}/clients`: the clients of a company.

mod create;
mod import;
mod list;

use domain::company::CompanyProfile;
use domain::value::CompanyId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::import::import_file;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list, create::create)).routes(routes!(import::import))
}

/// The profile of a company, read from the log: it is available as soon as the company is created.
async fn profile(state: &AppState, company: CompanyId) -> Answer<CompanyProfile> {
    commands::companies::profile(state.log(), company).await?.ok_or_else(Problem::not_found)
}
