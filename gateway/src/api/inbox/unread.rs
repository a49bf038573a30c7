//! `POST /inbox/{id}/unread`: mark a message as unread.

use axum::extract::State;
use domain::receipt::ReceiptAction;
use domain::value::MessageId;

use super::act;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Mark a message as unread. It stays seen.
#[utoipa::path(
    post, path = "/inbox/{id}/unread", tag = "inbox",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn unread(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    act(&state, message, ReceiptAction::MarkUnread, order).await
}
