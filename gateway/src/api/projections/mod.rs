//! `/projections`: the projections, their state and their rebuild.

mod list;
mod rebuild;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(rebuild::rebuild))
}
