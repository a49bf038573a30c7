//! `POST /inbox/{id}/seen`: mark a message as shown.

use axum::extract::State;
use domain::receipt::ReceiptAction;
use domain::value::MessageId;

use super::act;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Mark a message as seen. It stays unread.
#[utoipa::path(
    post, path = "/inbox/{id}/seen", tag = "inbox",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn seen(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    act(&state, message, ReceiptAction::MarkSeen, order).await
}
