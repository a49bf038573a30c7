//! `DELETE /inbox/{id}`: hide a message for the caller.

use axum::extract::State;
use domain::receipt::ReceiptAction;
use domain::value::MessageId;

use super::act;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Delete a message for the caller only: it leaves the caller's lists and counts.
#[utoipa::path(
    delete, path = "/inbox/{id}", tag = "inbox",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    act(&state, message, ReceiptAction::Delete, order).await
}
