//! `/session`: log in and out.

mod begin;
mod end;

use axum::http::Uri;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{NoQuery, Params};
use crate::problem::{Answer, Fault, Kind, Problem, Reason};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin::begin, end::end))
}

/// No view is read here, so `min_position` makes no sense.
fn refuse_parameters(uri: &Uri) -> Answer<()> {
    match Params::read::<NoQuery>(uri.query().unwrap_or_default())? {
        (NoQuery, None) => Ok(()),
        (NoQuery, Some(_)) => {
            let fault = Fault::in_query("min_position", Reason::UnknownField);
            Err(Problem::of_faults(Kind::Malformed, vec![fault]))
        }
    }
}
