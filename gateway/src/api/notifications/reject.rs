//! `POST /notifications/{id}/reject`: refuse a notification that awaits its approval.

use axum::extract::State;
use domain::value::{NotificationId, StatedReason};
use utoipa::ToSchema;

use super::{context_for, followed};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Why nothing is to be sent.
#[derive(ToSchema)]
pub(super) struct RejectNotification {
    /// The reason, for its author.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: StatedReason,
}

impl FromFields for RejectNotification {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { reason: fields.required("reason")? })
    }
}

impl Body for RejectNotification {}

/// Refuse a notification that awaits its approval, for a reason (its company's notifiers, but not its author): it is
/// cancelled.
#[utoipa::path(
    post, path = "/notifications/{id}/reject", tag = "notifications", request_body = RejectNotification,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn reject(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<RejectNotification>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let context = context_for(&state, &caller, notification, context).await?;
    let done = commands::notifications::reject(state.log(), notification, caller.id(), body.reason, &context)
        .await?;
    followed(&state, &caller, notification, done).await
}
