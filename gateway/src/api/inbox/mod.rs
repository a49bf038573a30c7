//! `/inbox`: the messages that the caller has received.

mod acknowledge;
mod delete;
mod list;
mod read;
mod read_all;
mod restore;
mod seen;
mod stream;
mod summary;
mod unread;

use domain::receipt::ReceiptAction;
use domain::value::MessageId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Wrote;
use crate::extract::{Empty, Order};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(summary::summary))
        .routes(routes!(stream::stream))
        .routes(routes!(read_all::read_all))
        .routes(routes!(delete::delete))
        .routes(routes!(seen::seen))
        .routes(routes!(read::read))
        .routes(routes!(unread::unread))
        .routes(routes!(acknowledge::acknowledge))
        .routes(routes!(restore::restore))
}

/// Runs a command on the caller's copy of a message; 404 without a copy.
async fn act(
    state: &AppState,
    message: MessageId,
    action: ReceiptAction,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let done = commands::receipts::act(state.log(), message, caller.id(), action, &context).await?;
    Ok(state.changed(&caller, done.ok_or_else(Problem::not_found)?))
}
