//! `/suppressions`: the addresses to which nothing is sent.

mod add;
mod address;
mod list;
mod remove;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::address::canonical_address;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list, add::add)).routes(routes!(remove::remove))
}
