//! `/templates`: what notifications say, with variables, in versions.

mod create;
mod fields;
mod list;
mod preview;
mod read;
mod render;
mod test;
mod versions;

pub(in crate::api) use self::preview::{company_of, content_of, not_filled, not_rendered, own_columns};

use domain::template::Created;
use domain::value::{CompanyId, TemplateId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(read::read))
        .routes(routes!(versions::add))
        .routes(routes!(render::render))
        .routes(routes!(test::test))
}

/// A template that the caller may learn of: one of a company the caller has a role for, or of none.
async fn template_for(state: &AppState, caller: &Caller, template: TemplateId) -> Answer<Created> {
    let found = commands::templates::template(state.log(), template).await?;
    let may_know = |created: &Created| created.company.is_none_or(|company| caller.knows(company));
    found.filter(may_know).ok_or_else(Problem::not_found)
}

/// Whether the caller may write templates of a company, or of none.
fn may_write(caller: &Caller, company: Option<CompanyId>) -> bool {
    company.map_or(caller.is_admin(), |company| caller.may_notify(company))
}

/// The refusal of a company in a body that is not the template's. One that the caller may not learn of is unknown.
async fn other_company(state: &AppState, caller: &Caller, asked: Option<CompanyId>) -> Answer<Problem> {
    let is_known = match asked {
        Some(company) => caller.knows(company) && state.directory().has_company(company).await?,
        None => true,
    };
    let reason = if is_known { Reason::NotTheTemplates } else { Reason::UnknownId };
    Ok(Problem::of_field("/company_id", reason))
}
