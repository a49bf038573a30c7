//! `POST /notifications/{id}/pause`: stop sending a notification until it is resumed.

use axum::extract::State;
use domain::value::NotificationId;

use super::{context_for, followed};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Send nothing of a notification until it is resumed (its company's notifiers). What is being sent still arrives. Its
/// audience is resolved all the same; retries, expiry and erasures count. One that is over, or awaits its approval, is not
/// paused.
#[utoipa::path(
    post, path = "/notifications/{id}/pause", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn pause(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let context = context_for(&state, &caller, notification, context).await?;
    let done = commands::notifications::pause(state.log(), notification, &context).await?;
    followed(&state, &caller, notification, done).await
}
