//! `/clients`: the people and businesses that companies serve.

mod change;
pub(super) mod contact;
mod erase;
pub(super) mod own_columns;
mod read;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read::read, change::change, erase::erase))
}
