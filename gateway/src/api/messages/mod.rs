//! `/messages`: the messages between workers.

mod history;
mod read;
mod receipts;
mod recipients;
mod send;
mod sent;
mod withdraw;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(send::send))
        .routes(routes!(sent::sent))
        .routes(routes!(read::read, withdraw::withdraw))
        .routes(routes!(receipts::receipts))
        .routes(routes!(history::history))
}
