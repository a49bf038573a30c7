//! `DELETE /messages/{id}`: withdraw a message within ten seconds.

use axum::extract::State;
use domain::value::MessageId;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Withdraw a message (its author, within 10 s). It leaves every inbox.
#[utoipa::path(
    delete, path = "/messages/{id}", tag = "messages",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn withdraw(
    State(state): State<AppState>,
    PathId(message): PathId<MessageId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    if !commands::messages::is_visible_to(state.log(), message, caller.id()).await? {
        return Err(Problem::not_found());
    }
    let done = commands::messages::withdraw(state.log(), message, caller.id(), state.now(), &context).await?;
    Ok(state.changed(&caller, done))
}
