//! `POST /notifications/{id}/resume`: go on with a notification that is paused.

use axum::extract::State;
use domain::value::NotificationId;

use super::{context_for, followed};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Go on with a notification that is paused (its company's notifiers). If its time has come meanwhile, it begins.
#[utoipa::path(
    post, path = "/notifications/{id}/resume", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let context = context_for(&state, &caller, notification, context).await?;
    let done = commands::notifications::resume(state.log(), notification, &context).await?;
    followed(&state, &caller, notification, done).await
}
