//! `POST /inbox/{id}/read`: mark a message as read.

use axum::extract::State;
use domain::receipt::ReceiptAction;
use domain::value::MessageId;

use super::act;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Mark a message as read. It counts as seen too.
#[utoipa::path(
    post, path = "/inbox/{id}/read", tag = "inbox",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    act(&state, message, ReceiptAction::MarkRead, order).await
}
