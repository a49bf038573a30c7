//! `POST /notifications/{id}/approve`: approve a notification.

use axum::extract::State;
use domain::value::NotificationId;

use super::{context_for, followed};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Approve a notification to more people than its company's limit (its company's notifiers, but not its author). It begins,
/// or waits for its time. The people are those of the moment when it begins.
#[utoipa::path(
    post, path = "/notifications/{id}/approve", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn approve(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let context = context_for(&state, &caller, notification, context).await?;
    let done =
        commands::notifications::approve(state.log(), notification, caller.id(), state.now(), &context)
            .await?;
    followed(&state, &caller, notification, done).await
}
