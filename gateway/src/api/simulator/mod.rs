//! `/simulator`: «Buzón de pruebas», the messages that reached the simulator. Only served while the simulator runs.

mod messages;
mod scope;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(messages::messages))
}
