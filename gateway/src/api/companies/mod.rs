//! `/companies`: the companies whose clients are monitored.

mod change;
mod clients;
mod create;
mod list;
mod read;
mod usage;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::clients::import_file;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(read::read, change::change))
        .routes(routes!(usage::usage))
        .merge(clients::router())
}
