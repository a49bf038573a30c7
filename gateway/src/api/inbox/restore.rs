//! `POST /inbox/{id}/restore`: restore a deleted message.

use axum::extract::State;
use domain::receipt::ReceiptAction;
use domain::value::MessageId;

use super::act;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Restore a deleted message.
#[utoipa::path(
    post, path = "/inbox/{id}/restore", tag = "inbox",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn restore(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    act(&state, message, ReceiptAction::Restore, order).await
}
