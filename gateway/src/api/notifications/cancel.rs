//! `POST /notifications/{id}/cancel`: cancel a notification.

use axum::extract::State;
use domain::value::NotificationId;

use super::company_for;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Cancel a notification (its company's notifiers). Deliveries in flight still arrive. A completed notification stays
/// completed.
#[utoipa::path(
    post, path = "/notifications/{id}/cancel", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn cancel(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let company = company_for(&state, &caller, notification).await?;
    caller.needs(caller.may_notify(company))?;
    let done = commands::notifications::cancel(state.log(), notification, &context.about(company)).await?;
    dispatcher::tasks::stop_if_cancelled(state.log().pool(), notification).await?;
    Ok(state.changed(&caller, done))
}
