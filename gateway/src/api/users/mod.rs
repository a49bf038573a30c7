//! `/users`: the workers.

mod change;
mod create;
mod list;

use std::collections::BTreeSet;

use domain::value::CompanyId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::{Answer, Fault, Kind, Problem, Reason};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list, create::create)).routes(routes!(change::change))
}

/// Refuses companies that are not there, each by its place in the body.
async fn refuse_unknown_companies(state: &AppState, companies: &[CompanyId]) -> Answer<()> {
    let mut faults = Vec::new();
    for (index, company) in companies.iter().enumerate() {
        if !state.directory().has_company(*company).await? {
            faults.push(Fault::in_body(format!("/companies/{index}"), Reason::UnknownId));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::of_faults(Kind::Invalid, faults)) }
}

fn each_once<T: Copy + Ord>(values: &[T]) -> BTreeSet<T> {
    values.iter().copied().collect()
}
